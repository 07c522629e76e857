"""`helpdesk kb`: the knowledge base on the command line."""

import argparse
from datetime import date
from pathlib import Path

from bot.errors import ConfigError
from knowledge import checks, content, markup, replies, trained
from knowledge.content import ContentError, Problem


def check(options: argparse.Namespace) -> int:
    """Exit 1 when there is a problem; a warning alone is none."""
    try:
        loaded = content.load(options.folder)
    except ContentError as error:
        problems = list(error.problems)
    else:
        problems = checks.check(loaded, options.folder, date.today())  # noqa: DTZ011 - a review date is a day at the desk
    problems += _of_replies(replies.beside(options.folder))
    for problem in problems:
        print(f"warning: {problem}" if problem.warning else problem)
    errors = sum(not problem.warning for problem in problems)
    print(f"{options.folder}: {errors} problems, {len(problems) - errors} warnings")
    return 1 if errors else 0


def _of_replies(file: Path) -> list[Problem]:
    try:
        replies.load(file, ("sl", "en"))
    except ContentError as error:
        return list(error.problems)
    return []


def list_entries(options: argparse.Namespace) -> int:
    loaded = content.load(options.knowledge)
    for entry in loaded.entries:
        wordings = " ".join(f"{language} {len(side.wordings):3}" for language, side in entry.sides.items())
        mark = "sensitive" if entry.sensitive else ""
        title = next(iter(entry.sides.values())).title
        print(f"{entry.topic:10} {entry.id:24} {wordings}  sources {len(entry.sources)}  {mark:9}  {title}")
    languages = next(iter(loaded.entries)).sides if loaded.entries else {}
    counts = [f"{len(loaded.entries)} entries"]
    counts += [f"{sum(len(entry.sides[code].wordings) for entry in loaded.entries)} wordings ({code})" for code in languages]
    counts += [f"{sum(len(entry.sources) for entry in loaded.entries)} sources"]
    counts += [f"{sum(entry.sensitive for entry in loaded.entries)} sensitive"]
    print(", ".join(counts))
    return 0


def show(options: argparse.Namespace) -> int:
    entry = content.load(options.knowledge).entry(options.id)
    if entry is None:
        raise ConfigError(f"{options.id}: no such entry; `helpdesk kb list` shows them all")
    print(
        f"{entry.topic}/{entry.id}  reviewed {entry.reviewed}  due {entry.review_by or '–'}  confirmed by {entry.confirmed_by or 'nobody'}"
    )
    print(f"{'sensitive' if entry.sensitive else 'not sensitive'}  related: {', '.join(entry.related) or '–'}")
    for source in entry.sources:
        print(f"  {source.title}  {source.url}")
    for language, side in entry.sides.items():
        print(f"\n[{language}] {side.title}\n\n{markup.plain(side.answer)}\n")
        print(f"{len(side.wordings)} wordings; keywords: {', '.join(side.keywords)}")
    return 0


def stale(options: argparse.Namespace) -> int:
    due = checks.stale(content.load(options.knowledge), date.today())  # noqa: DTZ011
    for one in due:
        reasons = [f"due {one.entry.review_by}"] if one.overdue else []
        reasons += ["confirmed by nobody"] if one.unconfirmed else []
        print(f"{checks.file_of(one.entry)}: {', '.join(reasons)}")
    print(f"{len(due)} entries to look at")
    return 0


def vectors(options: argparse.Namespace) -> int:
    try:
        count = trained.ship_vectors(content.load(options.knowledge))
    except RuntimeError as error:
        raise ConfigError(str(error)) from None
    print(f"{trained.SHIPPED_VECTORS}: {count} vectors")
    return 0
