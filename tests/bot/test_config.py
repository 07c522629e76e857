"""Wrong configuration is told all at once, each problem with its key, what was expected and what was found."""

from datetime import date, time
from pathlib import Path

import pytest

from bot import config
from bot.errors import ConfigError

EXAMPLE = Path("config.example.toml")


def read(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> config.Config:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return config.read(file, environment or {})


def problems(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text, environment)
    return [line.removeprefix(f"{tmp_path / 'config.toml'}: ") for line in str(error.value).splitlines()]


def test_the_example_loads_and_documents_every_key() -> None:
    loaded = config.read(EXAMPLE, {})
    text = EXAMPLE.read_text()
    for section, model in config.Config.model_fields.items():
        for key in getattr(model.default, "model_fields_set", ()) or _fields(section):
            assert key in text, f"[{section}] {key} is not in {EXAMPLE}"
    assert loaded.desk.hours.week[2] == ((time(9), time(12)), (time(13), time(17)))
    assert loaded.desk.hours.closed == {date(2026, 12, 24)}


def _fields(section: str) -> list[str]:
    return list({"telegram": config.Telegram, "matrix": config.Matrix, "staff": config.Staff}.get(section, config.Health).model_fields)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        '[staff]\nplatform = "matrix"\nroom = "!x"\n[desk]\ntimezone = "Mars"\ncolour = "red"\n'
        '[matrix]\nhomeserver = "https://x"\nuser = "helpdesk"\npassword = "x"\n[matching]\nprecision = 2\n',
    )
    assert told == [
        "[desk] timezone: expected a time zone such as \"Europe/Ljubljana\", got 'Mars'",
        "[desk] colour: unknown key; config.example.toml lists them all",
        "[matrix] user: string should match pattern '^@[^:]+:.+$', got 'helpdesk'",
        "[matching] precision: input should be less than or equal to 0.999, got 2",
    ]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"copy config\.example\.toml"):
        config.read(tmp_path / "none.toml", {})


def test_broken_toml_is_told_with_its_place(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[desk\n")
    assert "line 1" in told


def test_the_environment_wins_and_is_checked_the_same_way(tmp_path: Path) -> None:
    text = '[staff]\nplatform = "console"\nroom = "advisers"\n'
    loaded = read(tmp_path, text, {"HELPDESK__DESK__CONTACT__EMAIL": "a@b.si", "HELPDESK__DESK__HOURS__MONDAY": '["08:00-09:00"]'})
    assert loaded.desk.contact.email == "a@b.si"
    assert loaded.desk.hours.week == {0: ((time(8), time(9)),)}
    (told,) = problems(tmp_path, text, {"HELPDESK__MATCHING__SUGGESTIONS": "many"})
    assert told.startswith("[matching] suggestions:")


def test_the_environment_alone_is_enough() -> None:
    loaded = config.read(None, {"HELPDESK__STAFF__PLATFORM": "console", "HELPDESK__STAFF__ROOM": "advisers"})
    assert loaded.staff.room == "advisers"


def test_a_staff_platform_without_a_section_is_told(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, '[staff]\nplatform = "telegram"\nroom = "-1"\n')
    assert "telegram" in told


def test_exactly_one_secret_is_wanted(tmp_path: Path) -> None:
    text = '[staff]\nplatform = "telegram"\nroom = "-1"\n[telegram]\n'
    assert "expected exactly one of token, token_file, got none" in problems(tmp_path, text)[0]
    assert "got token, token_file" in problems(tmp_path, text + 'token = "1:a"\ntoken_file = "t"\n')[0]


def test_a_secret_never_shows_itself(tmp_path: Path) -> None:
    loaded = read(tmp_path, '[staff]\nplatform = "telegram"\nroom = "-1"\n[telegram]\ntoken = "1:hidden"\n')
    assert "hidden" not in repr(loaded)
