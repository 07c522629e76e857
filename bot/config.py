"""config.toml and the environment → settings. All problems at once, each with its key, what was expected and what was found."""

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.errors import ConfigError

PREFIX = "HELPDESK__"

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError('expected a time zone such as "Europe/Ljubljana"')
    return name


def _span(text: Any) -> tuple[time, time]:
    try:
        begin, _, end = str(text).partition("-")
        span = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        span = (time(1), time(0))
    if span[0] >= span[1]:
        raise ValueError('expected hours such as "09:00-15:00", the first before the second')
    return span


def _country(code: str) -> str:
    # Loaded only here: commands that read no configuration never wait for it.
    import holidays

    if code and code not in holidays.list_supported_countries():
        raise ValueError('expected a country code such as "SI", or "" for no public holidays')
    return code


def _database(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise ValueError('expected "sqlite:///FILE" or "postgresql://USER:PASSWORD@HOST/NAME"')
    return url


Zone = Annotated[str, AfterValidator(_zone)]
Span = Annotated[tuple[time, time], BeforeValidator(_span)]
Country = Annotated[str, AfterValidator(_country)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(_Section):
    address: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    appointment: str = ""


class OpeningHours(_Section):
    monday: tuple[Span, ...] = ()
    tuesday: tuple[Span, ...] = ()
    wednesday: tuple[Span, ...] = ()
    thursday: tuple[Span, ...] = ()
    friday: tuple[Span, ...] = ()
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()
    holidays: Country = "SI"
    closed: frozenset[date] = frozenset()
    answer_within: Annotated[float, Field(gt=0, le=1000)] = 6.0

    @property
    def week(self) -> Mapping[int, tuple[tuple[time, time], ...]]:
        return {number: spans for number, day in enumerate(WEEKDAYS) if (spans := getattr(self, day))}


class DeskSettings(_Section):
    name: str = "Podporna točka za KKI Škofja Loka"
    language: str = "sl"
    languages: tuple[str, ...] = ("sl", "en")
    timezone: Zone = "Europe/Ljubljana"
    privacy_contact: str = ""
    knowledge: Path = Path("knowledge/faq")
    contact: Contact = Contact()
    hours: OpeningHours = OpeningHours()

    @model_validator(mode="after")
    def _speaks_its_language(self) -> "DeskSettings":
        if self.language not in self.languages:
            raise ValueError(f"language: expected one of {list(self.languages)}, got {self.language!r}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Storage(_Section):
    url: DatabaseUrl = "sqlite:///helpdesk.db"


class Staff(_Section):
    platform: Literal["telegram", "matrix", "console"]
    room: str
    language: str = "sl"
    undo_seconds: Annotated[int, Field(ge=0, le=60)] = 10


class TelegramLimits(_Section):
    chat_gap: Annotated[float, Field(ge=0, le=60)] = 1.0
    group_minute: Annotated[int, Field(ge=1, le=100000)] = 20
    second: Annotated[int, Field(ge=1, le=10000)] = 30


class Telegram(_Section):
    token: SecretStr | None = None
    token_file: Path | None = None
    api_url: str = "https://api.telegram.org"
    webhook_url: str | None = None
    webhook_secret_file: Path | None = None
    webhook_listen: Annotated[str, Field(pattern=r"^[^:]+:\d+$")] = "127.0.0.1:8081"
    limits: TelegramLimits = TelegramLimits()

    @model_validator(mode="after")
    def _has_token(self) -> "Telegram":
        if self.webhook_url is not None and self.webhook_secret_file is None:
            raise ValueError("webhook_secret_file: missing; with webhook_url it names a file with a secret of your own")
        return _exactly_one(self, "token", "token_file")


class Matrix(_Section):
    homeserver: Annotated[str, Field(pattern=r"^https?://")]
    user: Annotated[str, Field(pattern=r"^@[^:]+:.+$")]
    password: SecretStr | None = None
    password_file: Path | None = None
    access_token_file: Path | None = None
    device_name: str = "helpdesk"
    store: Path = Path("matrix-store")
    encryption: bool = True
    servers: tuple[str, ...] = ()
    largest_file_mb: Annotated[int, Field(ge=1, le=1024)] = 20

    @model_validator(mode="after")
    def _has_secret(self) -> "Matrix":
        return _exactly_one(self, "password", "password_file", "access_token_file")


class Matching(_Section):
    precision: Annotated[float, Field(ge=0.5, le=0.999)] = 0.97
    suggestions: Annotated[int, Field(ge=1, le=5)] = 3
    semantic: bool = True
    model: Path | None = None
    cache: Path | None = None


class ReminderSettings(_Section):
    unclaimed_minutes: Annotated[float, Field(ge=0, le=10000)] = 30
    unanswered_hours: Annotated[float, Field(ge=0, le=1000)] = 4
    ask_after_days: Annotated[float, Field(ge=0, le=365)] = 3
    close_after_days: Annotated[float, Field(ge=0, le=365)] = 7
    morning: bool = True
    weekly: Literal["", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"

    @model_validator(mode="after")
    def _asks_before_it_closes(self) -> "ReminderSettings":
        if 0 < self.close_after_days <= self.ask_after_days:
            raise ValueError(f"close_after_days: expected more than ask_after_days or 0, got {self.close_after_days:g}")
        return self


class Privacy(_Section):
    keep_closed_days: Annotated[int, Field(ge=1, le=3650)] = 90


class Backup(_Section):
    recipient: str = ""


class Health(_Section):
    listen: Annotated[str, Field(pattern=r"^([^:]+:\d+)?$")] = ""


class Logs(_Section):
    format: Literal["console", "json"] = "console"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    error_command: tuple[str, ...] = ()


class Config(_Section):
    desk: DeskSettings = DeskSettings()
    storage: Storage = Storage()
    staff: Staff
    telegram: Telegram | None = None
    matrix: Matrix | None = None
    matching: Matching = Matching()
    reminders: ReminderSettings = ReminderSettings()
    privacy: Privacy = Privacy()
    backup: Backup = Backup()
    health: Health = Health()
    logs: Logs = Logs()

    @model_validator(mode="after")
    def _staff_platform_is_there(self) -> "Config":
        if self.staff.platform != "console" and getattr(self, self.staff.platform) is None:
            raise ValueError(f"staff.platform: expected a platform with a section of its own, got {self.staff.platform!r} without one")
        if self.staff.language not in self.desk.languages:
            raise ValueError(f"staff.language: expected one of {list(self.desk.languages)}, got {self.staff.language!r}")
        return self

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the desk writes on this machine's disks."""
        database = self.storage.url.removeprefix("sqlite:///")
        files = () if database == self.storage.url else (Path(database).absolute().parent,)
        return (*files, self.matrix.store) if self.matrix else files


S = TypeVar("S", bound=_Section)


def _exactly_one(section: S, *keys: str) -> S:
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) != 1:
        raise ValueError(f"expected exactly one of {', '.join(keys)}, got {', '.join(given) or 'none'}")
    return section


def read(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Settings from a TOML file and from `HELPDESK__SECTION__KEY` in the environment, which wins.

    Raises ConfigError with every problem.
    """
    name = str(path) if path else "environment"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except FileNotFoundError:
        raise ConfigError(f"{name}: not there; copy config.example.toml to {name} and fill it in") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not valid TOML: {error}") from None
    _overlay(data, environment)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{name}: {_problem(problem)}" for problem in error.errors())) from None


def secret(value: SecretStr | None, file: Path | None, key: str) -> str:
    """A secret given in the configuration or as a file. Raises ConfigError naming the key."""
    if value is not None:
        return value.get_secret_value()
    assert file is not None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{key}: {file} cannot be read: {error.strerror}") from None


def _overlay(data: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if not name.upper().startswith(PREFIX):
            continue
        *sections, key = name[len(PREFIX) :].lower().split("__")
        place = data
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = _value(value)


def _value(text: str) -> Any:
    """Lists are written as JSON; everything else is taken as it stands and read by the setting itself."""
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _problem(problem: Mapping[str, Any]) -> str:
    """`[matrix] user: expected …, got …`."""
    *sections, key = [str(part) for part in problem["loc"]] or [""]
    place = (f"[{'.'.join(sections)}] " if sections else "") + key
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "missing":
            return f"{place}: missing" if sections else f"[{key}]: missing; config.example.toml shows it"
        case "extra_forbidden":
            return f"{place}: unknown key; config.example.toml lists them all"
        case "value_error" if not isinstance(problem["input"], str | int | float | list):
            return f"{place}: {message}" if place else message
        case "value_error":
            return f"{place}: {message}, got {problem['input']!r}"
        case _:
            return f"{place}: {message[0].lower()}{message[1:]}, got {_shown(problem['input'])}"


def _shown(value: Any) -> str:
    return "a table" if isinstance(value, dict) else repr(value)[:80]
