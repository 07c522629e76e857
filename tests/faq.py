"""A small FAQ and a desk for tests, with a matcher that knows what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers import texts
from handlers.desk import Desk
from handlers.events import Place
from handlers.hours import Hours
from knowledge.decisions import Candidate, Decision, Found, NotFound, Reading, SmallTalk, Unsure, Wish
from knowledge.entries import Content, Entry, Side, SmallTalkKind, Source, Topic

LJUBLJANA = ZoneInfo("Europe/Ljubljana")
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=LJUBLJANA)
"""A day on which the desk is open from 9 to 15."""
STAFF = Place("fake", "staff")


def entry(id: str, topic: str = "starting", **changes: object) -> Entry:
    sides = {
        "sl": Side(f"Naslov {id}", (f"kako {id}",), (id,), f"Odgovor o **{id}**.\n\n- Pišite na {{contact.email}}."),
        "en": Side(f"Title {id}", (f"how {id}",), (id,), f"Answer about **{id}**.\n\n- Write to {{contact.email}}."),
    }
    values = {"reviewed": date(2026, 11, 24), "sources": (Source("FURS: Navodila", "https://www.fu.gov.si"),)} | changes
    return Entry(id=id, topic=topic, sides=sides, **values)


CONTENT = Content(
    topics=(Topic("starting", {"sl": "Začetek", "en": "Starting"}), Topic("tax", {"sl": "Davki", "en": "Taxes"})),
    entries=(entry("sp-register"), entry("sp-vs-doo"), entry("vat-threshold", "tax"), entry("vat-rates", "tax")),
    small_talk=(
        SmallTalkKind("greeting", {"sl": ("živjo",), "en": ("hi",)}, {"sl": "Pozdravljeni!", "en": "Hello!"}),
        SmallTalkKind("robot", {"sl": ("si robot",), "en": ("are you a robot",)}, {"sl": "Program sem.", "en": "I am a program."}),
    ),
    wishes={},
    out_of_scope={},
    synonyms=(),
    colloquial={},
    digest="test",
)


@dataclass
class Told:
    """A matcher that decides as it was told: `sure`, `two`, `unsure` or small talk by the words in the text, else not found."""

    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    fails_on: str = "\0"

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        self.asked.append((text, language, earlier))
        if self.fails_on in text:
            raise RuntimeError("a bug")
        english = any(word in text.lower().split() for word in ("how", "what", "hi", "robot?", "the", "adviser"))
        reading = self._reading("en" if english else language or "sl")
        first, second, *_ = CONTENT.entries
        match text.lower():
            case words if "oboje" in words:
                return Found((first, second), reading)
            case words if "odpr" in words or "register" in words:
                return Found((first,), reading)
            case words if "davek" in words or "tax" in words:
                return Unsure((first, second), reading)
            case "živjo" | "hi":
                return SmallTalk("greeting", reading)
            case words if "robot" in words:
                return SmallTalk("robot", reading)
            case words if "človek" in words or "adviser" in words:
                return Wish("human", reading)
            case words if "ni pomagalo" in words:
                return Wish("did_not_help", reading)
            case words if "rešeno" in words or "solved" in words:
                return Wish("solved", reading)
            case _:
                return NotFound(reading)

    @staticmethod
    def _reading(language: str) -> Reading:
        probabilities = (0.6, 0.3, 0.05)
        candidates = tuple(Candidate(one, p) for one, p in zip(CONTENT.entries, probabilities, strict=False))
        return Reading(language, candidates, ("words: test",))


def desk(matcher: Told | None = None, content: Content = CONTENT, **changes: object) -> Desk:
    week = {day: ((time(9), time(15)),) for day in range(5)}
    values: Mapping[str, object] = {
        "name": "Podporna točka",
        "language": "sl",
        "staff": STAFF,
        "staff_language": "sl",
        "content": content,
        "matcher": matcher or Told(),
        "texts": texts.load(("sl", "en")),
        "hours": Hours(zone=LJUBLJANA, week=week, country="SI", answer_within=timedelta(hours=6)),
        "contact": {"email": "kki@example.org"},
    }
    return Desk(**{**values, **changes})


def utc(*at: int) -> datetime:
    return datetime(*at, tzinfo=UTC)
