"""What is fixed while the process runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from handlers.events import Event, Place
from handlers.figures import Report
from handlers.hours import Hours, opening
from handlers.texts import Texts
from knowledge import markup
from knowledge.decisions import Decision
from knowledge.entries import Content, Entry, Reply


class Matcher(Protocol):
    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision: ...


@dataclass(frozen=True)
class Reminders:
    """When the clock speaks up. Zero switches a reminder off."""

    unclaimed: timedelta = timedelta(minutes=30)
    """Opening time that a ticket may wait until somebody claims it."""
    unanswered: timedelta = timedelta(hours=4)
    """Opening time that the person of a claimed ticket may wait."""
    ask_after: timedelta = timedelta(days=3)
    """After an answer: when a person who says no more is asked whether it helped."""
    close_after: timedelta = timedelta(days=7)
    morning: bool = True
    """A list of what waits, when a working day begins."""
    weekly: int | None = 0
    """The weekday, Monday is 0, on which the week's report is due."""


@dataclass(frozen=True)
class Desk:
    name: str
    language: str
    """The language until the person's is known."""
    staff: Place
    """The staff channel."""
    staff_language: str
    content: Content
    matcher: Matcher
    texts: Mapping[str, Texts]
    hours: Hours
    contact: Mapping[str, str] = field(default_factory=dict)
    """`address`, `phone`, `email`, `website`, `appointment`: those that are configured."""
    direct_links: Mapping[str, str] = field(default_factory=dict)
    """By platform: the address that opens a private chat with the bot; `{start}` in it carries a word along."""
    thread_link: str = ""
    """The address of a ticket's thread in the staff channel, with `{thread}` in it; empty where threads have none."""
    privacy_contact: str = ""
    keep_closed: timedelta = timedelta(days=90)
    follow_up_within: timedelta = timedelta(minutes=30)
    """How long a question is remembered as the one that the next may refer to."""
    reminders: Reminders = Reminders()
    draw: Callable[[Report], bytes] | None = None
    """The report's picture as a PNG; None where nothing can draw."""
    undo: int = 0
    """Seconds for which a reply can be taken back before it is sent."""
    replies: tuple[Reply, ...] = ()
    """What advisers send by a short name."""
    answer_until: timedelta = timedelta(hours=6)
    """How old a question may be when the bot still answers it by itself: after an outage a person had better look at it."""

    @property
    def staff_texts(self) -> Texts:
        return self.texts[self.staff_language]

    def speaks(self, language: str) -> Texts:
        return self.texts.get(language, self.texts[self.language])

    def is_staff(self, event: Event) -> bool:
        return (event.place.platform, event.place.room) == (self.staff.platform, self.staff.room)

    def answer(self, entry: Entry, language: str) -> str:
        """The entry's answer as Markdown, its placeholders filled from the configuration."""
        texts = self.speaks(language)
        return markup.fill(entry.side(texts.code).answer, self.values(texts))

    def values(self, texts: Texts) -> dict[str, str]:
        """What stands for the placeholders, as far as it is configured."""
        values = {f"contact.{key}": value for key, value in self.contact.items() if value}
        values["privacy.keep_closed_days"] = str(self.keep_closed.days)
        if self.privacy_contact:
            values["privacy.contact"] = self.privacy_contact
        if self.hours.week:
            values["hours"] = opening(self.hours, texts)
        return values
