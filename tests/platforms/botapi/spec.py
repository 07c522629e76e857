"""Every method's parameters, checked against the Bot API's specification.

Stricter than Telegram on purpose: a parameter it would silently ignore is an error here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.platforms.botapi.errors import ApiError, bad
from tests.platforms.botapi.text import units


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Field:
    types: tuple[str, ...]
    required: bool
    least: int | None = None
    most: int | None = None
    unit: str = ""
    const: str | None = None
    allowed: tuple[str, ...] = ()


SPEC: dict[str, Any] = json.loads(Path(__file__).with_name("spec.json").read_text(encoding="utf-8"))
_ARRAY = "Array of "
REACTIONS = frozenset(SPEC["reactions"])
UPDATES = frozenset(SPEC["updates"])

# What Telegram says instead of naming the limit.
_SAYS = {
    ("text", "short"): "message text is empty",
    ("text", "long"): "message is too long",
    ("caption", "long"): "message caption is too long",
    ("callback_data", "short"): "BUTTON_DATA_INVALID",
    ("callback_data", "long"): "BUTTON_DATA_INVALID",
}


def read(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as values of their types. `given` are strings and uploads, or what a JSON body held."""
    fields = _fields("methods", method)
    if fields is None:
        raise ApiError(404, "Not Found: method not found")
    attached = {name for name in given if isinstance(given[name], Upload) and name not in fields}
    if unknown := set(given) - set(fields) - attached:
        raise bad(f"{method} has no parameter {', '.join(sorted(unknown))}")
    values = {name: _parse(fields[name], value, name) for name, value in given.items() if name in fields}
    _check_object(fields, values, method)
    return values | {name: given[name] for name in attached}


def _parse(field: Field, value: Any, name: str) -> Any:
    """A form's string becomes what its type says."""
    if not isinstance(value, str):
        return value
    for kind in field.types:
        if kind in ("String", "InputFile"):
            continue
        try:
            return _parse_as(kind, value)
        except ValueError:
            continue
    if "String" in field.types:
        return value
    raise bad(f"can't parse {name}: {'|'.join(field.types)} expected")


def _parse_as(kind: str, value: str) -> Any:
    match kind:
        case "Integer":
            return int(value)
        case "Float":
            return float(value)
        case "Boolean":
            if value.lower() not in ("true", "false", "1", "0"):
                raise ValueError(value)
            return value.lower() in ("true", "1")
        case _:
            return json.loads(value)


def _check_object(fields: Mapping[str, Field], values: Mapping[str, Any], where: str) -> None:
    for name, field in fields.items():
        if field.required and name not in values:
            raise bad(_SAYS.get((name, "short"), f'{where}: required parameter "{name}" is missing'))
    for name, value in values.items():
        if name not in fields:
            raise bad(f"{where} has no field {name}")
        _check_value(fields[name], value, name)


def _check_value(field: Field, value: Any, name: str) -> None:
    reasons = []
    for kind in field.types:
        try:
            _check_kind(kind, value, name)
            break
        except ApiError as error:
            reasons.append(error)
    else:
        raise reasons[0] if len(reasons) == 1 else bad(f"{name}: {'|'.join(field.types)} expected ({reasons[0].description})")
    _check_limits(field, value, name)


def _check_limits(field: Field, value: Any, name: str) -> None:
    if field.const is not None and str(value) != field.const:
        raise bad(f"{name} must be {field.const}")
    if field.allowed and str(value) not in field.allowed:
        raise bad(f"{name} must be one of {', '.join(field.allowed)}")
    if field.unit and not isinstance(value, Upload):
        size = _size(field.unit, value)
        if field.least is not None and size < field.least:
            raise bad(_SAYS.get((name, "short"), f"{name} is too short: {size} {field.unit}, at least {field.least}"))
        if field.most is not None and size > field.most:
            raise bad(_SAYS.get((name, "long"), f"{name} is too long: {size} {field.unit}, at most {field.most}"))


def _size(unit: str, value: Any) -> int:
    if unit == "value":
        return int(value)
    if unit == "items":
        return len(value)
    return len(value.encode()) if unit == "bytes" else units(value)


_PRIMITIVE: dict[str, tuple[type, ...]] = {"Integer": (int,), "Float": (float, int), "String": (str,), "Boolean": (bool,)}


def _check_kind(kind: str, value: Any, name: str) -> None:
    if kind.startswith(_ARRAY):
        if not isinstance(value, list):
            raise bad(f"{name}: array expected")
        of = Field(tuple(kind.removeprefix(_ARRAY).split(",")), required=True)
        for item in value:
            _check_value(of, item, name)
    elif kind == "InputFile":
        if not isinstance(value, Upload):
            raise bad(f"{name}: file expected")
    elif types := _PRIMITIVE.get(kind):
        if not isinstance(value, types) or (isinstance(value, bool) and kind != "Boolean"):
            raise bad(f"{name}: {kind} expected")
    elif not isinstance(value, dict):
        raise bad(f"{name}: object expected")
    else:
        _check_type(kind, value, name)


def _check_type(kind: str, value: dict[str, Any], name: str) -> None:
    if isinstance(SPEC["types"][kind], list):
        candidates = [one for one in SPEC["types"][kind] if _discriminated(one, value)]
        if not candidates:
            raise bad(f"{name}: not a {kind}")
        kind = candidates[0]
    _check_object(_fields("types", kind) or {}, value, kind)


def _discriminated(kind: str, value: dict[str, Any]) -> bool:
    return all(field.const == str(value.get(name)) for name, field in (_fields("types", kind) or {}).items() if field.const is not None)


@cache
def _fields(section: str, name: str) -> dict[str, Field] | None:
    found = SPEC[section].get(name)
    return None if found is None else {key: _field(source) for key, source in found.items()}


def _one_array(types: list[str]) -> tuple[str, ...]:
    """Arrays of this or of that are one array, in which each may be this or that."""
    arrays = [one.removeprefix(_ARRAY) for one in types if one.startswith(_ARRAY)]
    return (*(one for one in types if not one.startswith(_ARRAY)), *([_ARRAY + ",".join(arrays)] if arrays else []))


def _field(source: str) -> Field:
    """Read e.g. `!String; 1..4096 characters`: required, of that type, within those limits."""
    types, *rest = source.split("; ")
    field: dict[str, Any] = {"types": _one_array(types.removeprefix("!").split("|")), "required": types.startswith("!")}
    for part in rest:
        if part.startswith("="):
            field["const"] = part[1:]
        elif part.startswith("in "):
            field["allowed"] = tuple(part[3:].split(","))
        else:
            span, field["unit"] = part.split(" ")
            field["least"], field["most"] = (int(end) if end else None for end in span.split(".."))
    return Field(**field)
