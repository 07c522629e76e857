"""What was approved in chat, written into the FAQ's files for their curator. What stands in a file already stays as it was laid out."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.items import Array, Table

from knowledge import words
from knowledge.drafts import Addition, title


@dataclass(frozen=True, slots=True)
class Exported:
    file: str
    wordings: int
    new: bool


def export(additions: Sequence[Addition], folder: Path, languages: Sequence[str]) -> list[Exported]:
    """Write those that do not stand in the folder's files yet. Raises ValueError for a file that is not TOML.

    A wording whose entry is neither there nor among the additions is left out.
    """
    there = {key for path in folder.glob("*/*.toml") for key in _keys(path)}
    counted: dict[Path, Exported] = {}
    for addition in additions:
        key = words.plain_key(addition.wording)
        path = next(folder.glob(f"*/{addition.entry}.toml"), None)
        new = path is None and bool(addition.answer)
        if key in there or (path is None and not new):
            continue
        path = path or folder / addition.topic / f"{addition.entry}.toml"
        path.parent.mkdir(exist_ok=True)
        text = new_file(addition, languages) if new else with_wording(path.read_text("utf-8"), addition)
        path.write_text(text, encoding="utf-8")
        there.add(key)
        before = counted.get(path, Exported(path.relative_to(folder).as_posix(), 0, new))
        counted[path] = Exported(before.file, before.wordings + 1, before.new)
    return list(counted.values())


def with_wording(text: str, addition: Addition) -> str:
    """An entry's file with one wording more; comments, order and quotes stay."""
    document = tomlkit.parse(text)
    sides = {key: table for key, table in document.items() if isinstance(table, Table) and isinstance(table.get("wordings"), Array)}
    side = sides.get(addition.language) or next(iter(sides.values()))
    side["wordings"].append(addition.wording)
    return tomlkit.dumps(document)


def new_file(addition: Addition, languages: Sequence[str]) -> str:
    """A new entry in the one language it was answered in; the others stand there to be filled in, and `helpdesk kb check` asks for them."""
    head = (
        f"# Approved in chat on {addition.on}. For its curator: a good id (this file's name) and title, keywords, sources,\n"
        "# forty wordings in each language, and who confirms it.\n"
        f'reviewed = {addition.on}\nconfirmed_by = ""\nsensitive = false\nrelated = []\n'
    )
    there = _side(addition.language, title(addition.wording), (addition.wording,), addition.answer)
    lacking = [_side(language, "", (), "") for language in languages if language != addition.language]
    todo = [f"# TODO: this side is missing. Fill it in and take the marks away.\n{_commented(side)}" for side in lacking]
    return "\n".join((head, there, *todo))


def _side(language: str, title: str, wordings: Sequence[str], answer: str) -> str:
    listed = "".join(f"    {_quoted(wording)},\n" for wording in wordings)
    text = tomlkit.string(f"\n{answer}\n", multiline=True).as_string()
    return f"[{language}]\ntitle = {_quoted(title)}\nanswer = {text}\nkeywords = []\nwordings = [\n{listed}]\n"


def _quoted(text: str) -> str:
    return tomlkit.string(text).as_string()


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


def _keys(path: Path) -> set[str]:
    """What stands in an entry's file, one that is not finished included."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: is not TOML: {error}") from None
    sides = [table for table in raw.values() if isinstance(table, dict)]
    return {words.plain_key(str(text)) for side in sides for text in (side.get("title", ""), *side.get("wordings", ()))}
