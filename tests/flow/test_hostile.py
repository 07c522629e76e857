"""What people can do to the advisers and to each other by writing: nothing."""

import asyncio
import io
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from telegram.constants import MessageEntityType

from bot import app, intake
from bot.platforms.base import Batch
from bot.platforms.console import Console
from bot.platforms.matrix import rendering as matrix
from bot.platforms.telegram import rendering as telegram
from handlers import floods
from handlers.events import Message, Place, Sender
from handlers.orders import OpenThread, Order, Quote, Relay, Say, destination
from handlers.respond import respond
from handlers.situation import Conversation, Situation, Turn
from knowledge.decisions import Decision, NotFound
from storage.database import clean
from storage.tables import questions, ticket_lines
from tests.faq import STAFF, TUESDAY, Told, desk
from tests.platforms.botapi.text import found
from tests.stage import Stage


class KnowsNothing(Told):
    """Whatever is written becomes a ticket, the words that `Told` listens for included."""

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        return NotFound(self._reading(language or "sl"))


DESK = desk(KnowsNothing())
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069"
MENTIONS = [
    "@room",
    "@maja_kki",
    "@maja:example.org",
    ".@maja_kki",
    "x/@maja_kki",
    "http://x/@maja_kki",
    "https://a.si/b«@maja_kki",
    "@@maja_kki",
]
COMMANDS = ["/zakljuci", "/close@kki_bot", "(/prevzemi)", "//zakljuci", "!zakljuci"]
MARKUP = [
    "**krepko**",
    "[SPOT](https://example.org)",
    "<b>krepko</b>",
    "<a href='https://matrix.to/#/@maja:example.org'>Maja</a>",
    "</blockquote><h1>Zadeva</h1>",
    "`koda`",
    "```\nkoda\n```",
    "# Naslov",
    "> citat",
    "- točka",
    "||skrito||",
    "&lt;b&gt;",
    "&#64;room",
    "![](https://example.org/x.png)",
]
POSING = ["Svetovanje (Maja): Hvala.", "\nZadeva #1: zaključeno (Maja).", "✓ poslano", "Maja:", "\n\n#1 · Ana"]
HIDDEN = ["\u200b", "\u200d", "\ufeff", "\u2060", "\x1b[2J", "\x00", "\r", "\u2028", "\u0301" * 50, "\ud800", *BIDI]
LONG = ["a" * 5000, "😀" * 16384, "<&>" * 20000, "čšž " * 8000, "\n" * 3000]

pieces = st.sampled_from([*MENTIONS, *COMMANDS, *MARKUP, *POSING, *HIDDEN, " ", "\n", "Kje je pekarna?"]) | st.text(max_size=20)
texts = st.lists(pieces, min_size=1, max_size=12).map("".join)
long_texts = st.tuples(texts, st.sampled_from(LONG), texts).map("".join)


def lean(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def said_to_staff(text: str, name: str) -> list[Order]:
    """A ticket's card and everything behind it, then the same words once more, into the open ticket."""
    text, name = clean(text), clean(name)
    first = turn(text, name, Situation(number=1, next_ticket=1))
    if first.ticket is None:
        return []  # nothing to be read
    again = turn(text, name, Situation(number=2, next_ticket=2, conversation=first.conversation, ticket=first.ticket))
    return [order for order in (*first.orders, *again.orders) if destination(order) == (STAFF.platform, STAFF.room)]


def turn(text: str, name: str, situation: Situation) -> Turn:
    place = Place("fake", "ana")
    conversation = Conversation(place, Sender("ana", name), "sl", welcomed=True)
    known = situation if situation.conversation else Situation(number=1, next_ticket=1, conversation=conversation)
    # What begins like a command is one, and goes no further.
    words = f"… {text}" if text.lstrip().startswith(("/", "!")) else text
    return respond(Message(key="1", place=place, sender=Sender("ana", name), at=TUESDAY, id="1", text=words), known, DESK, TUESDAY)


def on_telegram(order: Order) -> list[telegram.Rendered]:
    match order:
        case Say(parts=parts) | OpenThread(parts=parts):
            return telegram.split(telegram.render(parts, quoted=True))
        case Relay(author=author, text=text, note=note):
            return telegram.split(telegram.relayed(author, text, note, quoted=True))
        case _:
            return []


def on_matrix(order: Order) -> list[matrix.Content]:
    match order:
        case OpenThread(title=title, parts=parts, choices=choices):
            return [matrix.message(matrix.render_card(title, parts, choices))]
        case Say(parts=parts, choices=choices):
            return [matrix.message(matrix.render(parts, choices))]
        case Relay():
            return [matrix.message(matrix.render_relay(order, ()))]
        case _:
            return []


class Seen(HTMLParser):
    """The tags, and what stands in bold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.bold = ""
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags[tag] += 1
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "strong" in self._open:
            self.bold += data


def marked(text: str) -> list[str]:
    """What Telegram would find in a text by itself, that nobody marked, as `kind words`."""
    units = text.encode("utf-16-le")
    return [f"{one['type']} {units[2 * one['offset'] :][: 2 * one['length']].decode('utf-16-le')}" for one in found(text)]


PLAIN = said_to_staff("Kje je pekarna?", "Ana")
OWN_COMMANDS = {one for order in PLAIN for piece in on_telegram(order) for one in marked(piece.text)}
OWN_TAGS = {tag for order in PLAIN for content in on_matrix(order) for tag in Seen(content["formatted_body"]).tags} | {
    "blockquote",
    "br",
    "strong",
}
LETTERS = set("',.?! -…")


@lean(1000)
@given(texts, texts)
def test_on_telegram_words_and_names_call_nobody_start_nothing_and_are_marked_as_theirs(text: str, name: str) -> None:
    for order in said_to_staff(f"{text} x", name):
        for number, piece in enumerate(on_telegram(order)):
            check_on_telegram(piece, first=number == 0)


def check_on_telegram(piece: telegram.Rendered, *, first: bool) -> None:
    kinds = {mark.type for mark in piece.marks}
    assert kinds <= {MessageEntityType.BOLD, MessageEntityType.BLOCKQUOTE}
    assert not set(piece.text) & set(BIDI)
    called = [one for one in marked(piece.text) if one.startswith(("mention", "bot_command"))]
    assert set(called) <= OWN_COMMANDS
    if not first:
        assert any(mark.type == MessageEntityType.BLOCKQUOTE and mark.start == 0 for mark in piece.marks)


@lean(1000)
@given(texts, texts)
def test_on_matrix_words_and_names_are_no_markup_and_mention_nobody(text: str, name: str) -> None:
    for order in said_to_staff(f"{text} x", name):
        for content in on_matrix(order):
            seen = Seen(content["formatted_body"])
            assert set(seen.tags) <= OWN_TAGS
            assert content["m.mentions"] == {}
            assert not re.search(r"@room\b", content["body"] + content["formatted_body"])
            assert not set(content["body"]) & set(BIDI)
            assert "(Maja)" not in seen.bold
        if isinstance(order, Relay) and "\n" in order.text:
            head, *lines = on_matrix(order)[0]["body"].split("\n")
            assert head.endswith(":")
            assert all(line.startswith(">") for line in lines)


@lean(30)
@given(long_texts)
def test_sixty_four_kilobytes_reach_the_advisers_in_messages_that_fit(text: str) -> None:
    said = ""
    for order in said_to_staff(text, "Ana"):
        for piece in on_telegram(order):
            assert telegram.units(piece.text) <= telegram.TEXT_LIMIT
        for content in on_matrix(order) if not isinstance(order, Relay) else []:
            assert len(str(content).encode("utf-8", "replace")) < 50_000
            said += content["body"]
    kept = Counter(letter for letter in clean(text) if letter.isalnum())
    assert (kept - Counter(said)).total() == 0


@given(name=texts)
@lean(150)
def test_a_name_is_letters_and_plain_punctuation_on_one_line(name: str) -> None:
    for order in said_to_staff("Kje je pekarna?", name):
        if isinstance(order, Relay):
            assert all(letter.isalnum() or letter in LETTERS for letter in order.author), order.author
            assert len(order.author) <= 40


@lean(150)
@given(texts)
def test_on_a_terminal_words_give_no_orders(text: str) -> None:
    out = io.StringIO()
    console = Console(nothing(), out, app.utc_now, settled)
    asyncio.run(console.send(Say(place=Place("console", "advisers"), parts=(Quote(text),)), "key"))
    printed = out.getvalue()
    assert not [letter for letter in printed if ord(letter) < 32 and letter not in "\n\t"]
    assert all(line.startswith("    ") for line in printed.split("\n")[1:-1])


async def nothing() -> AsyncIterator[str]:
    for line in ():
        yield line


async def settled() -> None: ...


# — too much at once —


async def test_of_too_many_messages_all_are_kept_and_one_sentence_answers_the_rest(both_stages: Stage) -> None:
    stage = both_stages
    asked = [stage.message("ana", f"odprem espe {number}") for number in range(50)]
    await stage.happens(*asked)

    slow_down = stage.desk.speaks("sl").slow_down
    told = stage.texts("ana")
    assert sum(text.startswith("Odgovor") for text in told) == floods.MOST
    assert told.count(slow_down) == 1
    assert told[-1] == slow_down
    async with stage.engine.begin() as tx:
        kept = [(row.text, row.decision) for row in await tx.execute(select(questions).order_by(questions.c.number))]
    assert [text for text, _ in kept] == [message.text for message in asked]
    assert [decision for _, decision in kept] == ["answer"] * floods.MOST + ["held"] * (50 - floods.MOST)

    stage.now += timedelta(minutes=1)
    await stage.hears("ana", "odprem espe")
    assert stage.last("ana").text.startswith("Odgovor")


async def test_too_many_messages_in_a_ticket_are_kept_with_it_and_the_advisers_are_told_once(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Kje je pekarna?")
    await stage.happens(*(stage.message("ana", f"Dodatek {number}") for number in range(40)))

    shown = stage.thread(1)
    assert sum(text.startswith("Ana: Dodatek") for text in shown) == floods.MOST - 1
    assert shown.count(stage.desk.staff_texts.person_floods) == 1
    assert stage.texts("ana").count(stage.desk.speaks("sl").slow_down) == 1
    async with stage.engine.begin() as tx:
        kept = list(await tx.scalars(select(ticket_lines.c.text).where(ticket_lines.c.author == "person").order_by(ticket_lines.c.number)))
    assert [text for text in kept if text.startswith("Dodatek")] == [f"Dodatek {number}" for number in range(40)]

    await stage.adviser("/zgodovina")
    told = stage.thread(1)[-1]
    assert "21 sporočil osebe tukaj ni bilo prikazanih" in told
    assert "Dodatek 18" not in told
    assert all(f"Dodatek {number}" in told for number in range(19, 40))


async def test_presses_edits_and_reactions_beyond_the_limit_lead_to_nothing(stage: Stage) -> None:
    await stage.happens(*(stage.message("ana", "odprem espe") for _ in range(floods.MOST)))
    said = len(stage.platform.seen)
    await stage.presses("ana", "Ne, naj odgovori človek")
    assert len(stage.platform.seen) == said
    stage.now += timedelta(minutes=1)
    await stage.presses("ana", "Ne, naj odgovori človek")
    assert "zadeva #1" in stage.last("ana").text


async def test_advisers_may_write_as_much_as_they_like(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    for number in range(floods.MOST + 5):
        await stage.adviser(f"Odgovor {number}")
    assert stage.last("ana").text == f"Svetovanje (Maja): Odgovor {floods.MOST + 4}"


async def test_one_who_floods_holds_up_nobody_and_keeps_the_order_of_their_own(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk())
    served: list[str] = []
    stage.answering.observe = lambda event, situation, turn: served.append(event.key)
    flood = [stage.message("ana", f"odprem espe {number}") for number in range(120)]
    others = [stage.message(f"oseba{number}", "odprem espe") for number in range(10)]
    await intake.store(sqlite, "fake", Batch((*flood, *others)), stage.desk, stage.now)
    while await stage.answering.step():
        pass

    place = {key: at for at, key in enumerate(served)}
    assert max(place[message.key] for message in others) <= len(others)
    assert [key for key in served if key in {message.key for message in flood}] == [message.key for message in flood]


async def test_rooms_that_all_write_much_take_turns(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk())
    served: list[str] = []
    stage.answering.observe = lambda event, situation, turn: served.append(event.place.room)
    messages = [stage.message(who, "odprem espe") for who in ("ana", "bor", "cene") for _ in range(5)]
    await intake.store(sqlite, "fake", Batch(tuple(messages)), stage.desk, stage.now)
    while await stage.answering.step():
        pass
    assert served == ["ana", "bor", "cene"] * 5
