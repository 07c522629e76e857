"""`helpdesk ask` and `helpdesk eval`: what the bot would do, and how good it is."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.errors import ConfigError
from knowledge import content, evaluation, matching, trained
from knowledge.decisions import Decision, Found, NotFound, SmallTalk, Unsure, Wish
from knowledge.entries import Content
from knowledge.matching import Matcher


def ask(options: argparse.Namespace) -> int:
    if options.jsonl == (options.text is not None):
        raise ConfigError('helpdesk ask: give a question ("…") or --jsonl with questions on standard input')
    matcher = _matcher(content.load(options.knowledge), options)
    if options.jsonl:
        for line in _lines(sys.stdin, "standard input"):
            if not isinstance(line.get("text"), str):
                raise ConfigError('standard input: expected lines {"text": "…"}, got one without "text"')
            print(json.dumps(line | _decided(matcher, line["text"], line.get("lang")), ensure_ascii=False))
        return 0
    decided = _decided(matcher, options.text, options.lang)
    if options.json:
        print(json.dumps(decided, ensure_ascii=False))
    else:
        _print(matcher.decide(options.text, options.lang), decided, matcher.nearest(options.text))
    return 0


def evaluate(options: argparse.Namespace) -> int:
    base = content.load(options.knowledge) if options.train is None else _trained_on(options.train)
    matcher = _matcher(base, options)
    try:
        report = evaluation.evaluate(matcher, list(_read(options.file)))
    except evaluation.LineError as error:
        raise ConfigError(f"{options.file}: {error}") from None
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if options.json else report.as_table())
    return 0


def _matcher(base: Content, options: argparse.Namespace) -> Matcher:
    return matching.train(base, matching.Settings(semantic=options.semantic, model=options.model, cache=trained.cache_folder()))


def word(decision: Decision) -> str:
    """The contract's word for a decision."""
    match decision:
        case Found():
            return "answer"
        case Unsure():
            return "suggest"
        case SmallTalk() | Wish(kind="solved"):
            return "smalltalk"
        case NotFound() | Wish():
            return "escalate"


def _decided(matcher: Matcher, text: str, language: str | None) -> dict[str, Any]:
    start = time.perf_counter()
    decision = matcher.decide(text, language)
    took = (time.perf_counter() - start) * 1000
    return {
        "text": text,
        "lang": decision.reading.language,
        "decision": word(decision),
        "entries": [{"id": one.entry.id, "p": round(one.probability, 4)} for one in decision.reading.candidates[:5]],
        "ms": round(took, 2),
    }


def _print(decision: Decision, decided: dict[str, Any], nearest: Sequence[str]) -> None:
    print(f"{decided['decision']} ({decided['lang']}, {decided['ms']} ms)")
    for one in decision.reading.candidates:
        print(f"  {one.probability:6.1%}  {one.entry.id:24} {one.entry.side(decision.reading.language).title}")
    for reason in (*decision.reading.reasons, *nearest):
        print(f"  · {reason}")


def _trained_on(path: Path) -> Content:
    try:
        return content.from_lines(_read(path))
    except (KeyError, ValueError) as error:
        raise ConfigError(f'{path}: expected lines {{"text", "label", "lang"?}}: {error}') from None


def _read(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from _lines(file, str(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _lines(file: Any, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ConfigError(f"{name}, line {number}: not JSON: {error}") from None
        if not isinstance(value, dict):
            raise ConfigError(f"{name}, line {number}: expected an object")
        yield value
