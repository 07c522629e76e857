"""A question: answered, offered a choice for, or handed to the advisers."""

from dataclasses import replace
from datetime import datetime

from handlers import tickets
from handlers.desk import Desk
from handlers.events import Message
from handlers.hours import written
from handlers.orders import Choice, Say, Text, Verb
from handlers.saying import conversation_of, say, told, welcomed
from handlers.situation import Conversation, Guess, Question, Situation, Turn
from handlers.texts import Texts
from knowledge.decisions import Found, NotFound, Reading, SmallTalk, Unsure, Wish
from knowledge.entries import Entry, Source


def answer(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    if not message.text.strip():
        return _unreadable_kind(message, conversation, situation, desk, now)
    if now - message.at > desk.answer_until:
        return _late(message, conversation, situation, desk, now)
    decision = desk.matcher.decide(
        message.text,
        conversation.language if situation.conversation or message.sender.language else None,
        earlier.text if (earlier := recent(situation, desk, now)) else None,
    )
    conversation = _in_language(conversation, decision.reading, desk)
    match decision:
        case Found(entries=entries, reading=reading):
            question = _question(message, situation, "answer", reading, now, tuple(entry.id for entry in entries))
            return _answered(conversation, question, entries, desk, now)
        case Unsure(options=options, reading=reading):
            question = _question(message, situation, "suggest", reading, now)
            return _offered(conversation, question, options, desk)
        case NotFound(reading=reading):
            question = _question(message, situation, "escalate", reading, now)
            texts = desk.speaks(conversation.language)
            return tickets.open_ticket(conversation, question, situation, desk, now, told=texts.handed_over, message=message)
        case SmallTalk(kind=kind):
            return _chatted(conversation, kind, desk)
        case Wish(kind="solved"):
            return told("smalltalk", conversation, desk, desk.speaks(conversation.language).helped_thanks)
        case Wish(kind=kind):
            return tickets.wanted(
                conversation, recent(situation, desk, now), situation, desk, now, helped=_helped(kind, situation), message=message
            )


def shown_entry(conversation: Conversation, entry: Entry, question: Question | None, desk: Desk, now: datetime) -> Say:
    """An entry's answer with its source line, and "Did this help?"."""
    return _answer(conversation, (entry,), question.number if question else None, desk, now)


def _answered(conversation: Conversation, question: Question, entries: tuple[Entry, ...], desk: Desk, now: datetime) -> Turn:
    conversation, welcome = welcomed(replace(conversation, question=question.number), desk)
    answer = _answer(conversation, entries, question.number, desk, now)
    return Turn(
        kind="answer",
        conversation=replace(conversation, offer=answer.choices),
        question=question,
        orders=(*welcome, answer),
        guesses=question.guesses,
    )


def _offered(conversation: Conversation, question: Question, options: tuple[Entry, ...], desk: Desk) -> Turn:
    texts = desk.speaks(conversation.language)
    choices = (
        *(Choice(entry.side(texts.code).title, Verb.SHOW_ENTRY, entry.id, question.number) for entry in options),
        Choice(texts.none_of_these, Verb.NONE_OF_THESE, question=question.number),
    )
    turn = told("suggest", replace(conversation, question=question.number), desk, texts.unsure, choices=choices)
    return replace(turn, question=question, guesses=question.guesses)


def _chatted(conversation: Conversation, kind: str, desk: Desk) -> Turn:
    """A greeting at first contact is answered by the welcome alone."""
    replies = next(small.replies for small in desk.content.small_talk if small.id == kind)
    if kind == "greeting" and not conversation.welcomed:
        conversation, welcome = welcomed(conversation, desk)
        return Turn(kind="smalltalk", conversation=conversation, orders=welcome)
    return told("smalltalk", conversation, desk, replies[desk.speaks(conversation.language).code])


def _unreadable_kind(message: Message, conversation: Conversation, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A picture or a voice message without words: a human looks at it."""
    if not message.attachments:
        return Turn(kind="none")
    texts = desk.speaks(conversation.language)
    reading = Reading(language=conversation.language, candidates=(), reasons=("no text",))
    question = _question(message, situation, "escalate", reading, now)
    return tickets.open_ticket(conversation, question, situation, desk, now, told=texts.handed_over_wish, message=message)


def _late(message: Message, conversation: Conversation, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Asked before an outage: no answer from a machine after so long, but an apology and a human."""
    question = Question(number=situation.number, text=message.text, language=conversation.language, decision="escalate", at=now)
    texts = desk.speaks(conversation.language)
    tried = desk.staff_texts.card_late
    return tickets.open_ticket(conversation, question, situation, desk, now, told=texts.handed_over_late, message=message, tried=tried)


def _answer(conversation: Conversation, entries: tuple[Entry, ...], question: int | None, desk: Desk, now: datetime) -> Say:
    texts = desk.speaks(conversation.language)
    parts: list[str | Text] = [texts.two_answers] if len(entries) > 1 else []
    for entry in entries:
        if len(entries) > 1:
            parts.append(f"**{entry.side(texts.code).title}**")
        parts += answer_parts(entry, texts, desk, now)
    parts.append(texts.helped_question)
    choices = (
        Choice(texts.helped_yes, Verb.HELPED, entries[0].id, question),
        Choice(texts.helped_no, Verb.NOT_HELPED, entries[0].id, question),
    )
    return say(conversation, *parts, choices=choices)


def answer_parts(entry: Entry, texts: Texts, desk: Desk, now: datetime) -> list[str | Text]:
    """An entry's answer with its source line; said before it when nobody has translated it yet."""
    alone = next(iter(entry.sides))
    only = [] if texts.code in entry.sides else [texts.answer_one_language.format(language=desk.speaks(alone).language_name)]
    return [*only, desk.answer(entry, texts.code), *_footer(entry, texts, now)]


def _footer(entry: Entry, texts: Texts, now: datetime) -> list[str | Text]:
    """Sources and review date on one line; a warning when the review is overdue."""
    date = written(entry.reviewed, texts)
    if entry.sources:
        line = texts.answer_source.format(sources=_sources(entry.sources, texts), date=date)
    else:
        line = texts.answer_reviewed.format(date=date)
    if entry.review_by is not None and entry.review_by < now.date():
        return [texts.answer_overdue.format(date=written(entry.review_by, texts)), Text(line, aside=True)]
    return [Text(line, aside=True)]


def _sources(sources: tuple[Source, ...], texts: Texts) -> str:
    """Each office once, by the short name before the colon of the source's title, linked."""
    offices: dict[str, str] = {}
    for source in sources:
        offices.setdefault(source.title.partition(":")[0].strip().replace("[", "").replace("]", ""), source.url)
    links = ", ".join(f"[{office}]({url})" for office, url in list(offices.items())[:3])
    return (texts.source_one if len(offices) == 1 else texts.source_many).format(sources=links)


def _question(
    message: Message, situation: Situation, decision: str, reading: Reading, now: datetime, shown: tuple[str, ...] = ()
) -> Question:
    guesses = tuple(Guess(candidate.entry.id, round(candidate.probability, 4)) for candidate in reading.candidates)
    return Question(
        number=situation.number,
        text=message.text,
        language=reading.language,
        decision=decision,
        at=now,
        shown=shown,
        guesses=guesses,
        reasons=reading.reasons,
    )


def recent(situation: Situation, desk: Desk, now: datetime) -> Question | None:
    """The question before, while it may still be what the person refers to."""
    question = situation.question
    return question if question and now - question.at <= desk.follow_up_within else None


def _helped(wish: str, situation: Situation) -> bool | None:
    """An answer was shown and the person says that it does not do."""
    return False if wish == "did_not_help" and situation.question else None


def _in_language(conversation: Conversation, reading: Reading, desk: Desk) -> Conversation:
    if conversation.language_fixed or reading.language not in desk.texts:
        return conversation
    return replace(conversation, language=reading.language)
