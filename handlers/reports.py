"""What the desk learns about itself: a report in the staff channel, when asked for and once a week."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from handlers import gaps
from handlers.commands import split
from handlers.desk import Desk
from handlers.events import Due, Event, Message
from handlers.figures import FEWEST, Figures, Gap, Key, Report, What, untold
from handlers.hours import written
from handlers.orders import Choice, Order, Part, Quote, Say, SendFile, Text, Verb
from handlers.saying import to_staff
from handlers.situation import Situation, Turn
from handlers.staff.building import NOTHING
from handlers.texts import Texts
from knowledge import checks

NAMES = ("report", "porocilo")
WEEK = 7
_LONGEST = 366
_MOST_LISTED = 5
_DAYS_SHOWN = 14


def days_wanted(event: Event) -> int | None:
    """How many days the event wants a report of; None when it wants none."""
    if isinstance(event, Due):
        return WEEK if event.what == "weekly" else None
    parts = split(event.text) if isinstance(event, Message) else None
    if parts is None or parts[0] not in NAMES:
        return None
    return min(max(int(parts[1]), 1), _LONGEST) if parts[1].isdecimal() else WEEK


def of(figures: Figures, since: date, until: date, names: Sequence[str], desk: Desk) -> Report:
    """`names` are left out of what people wrote."""
    counts = Counter({key: count for key, count in figures.counts(desk.hours).items() if since <= key.day <= until})
    shown, ratings = _by_subject(counts, What.SHOWN), _by_subject(counts, What.RATING)
    stale = checks.stale(desk.content, until)
    unanswered = (one for one in figures.asked if one.decision in ("suggest", "escalate") and not one.shown)
    in_time = (one for one in unanswered if since <= one.at.astimezone(desk.hours.zone).date() <= until)
    return Report(
        since=since,
        until=until,
        days={day: _decided_on(day, counts) for day in _days(since, until)},
        tickets=_by_subject(counts, What.TICKET).total(),
        reply_minutes=_median(_by_subject(counts, What.REPLY)),
        liked=ratings["like"],
        disliked=ratings["dislike"],
        shown=shown,
        not_helped=_by_subject(counts, What.NOT_HELPED),
        never_shown=tuple(entry.id for entry in desk.content.entries if entry.id not in shown),
        overdue=tuple(one.entry.id for one in stale if one.overdue),
        unconfirmed=sum(one.unconfirmed for one in stale),
        gaps=tuple(gaps.found(in_time, names)),
    )


def _by_subject(counts: Counter[Key], what: What) -> Counter[str]:
    found: Counter[str] = Counter()
    for key, count in counts.items():
        if key.what is what:
            found[key.subject] += count
    return found


def _decided_on(day: date, counts: Counter[Key]) -> Counter[str]:
    return Counter(
        {decision: count for decision in ("answer", "suggest", "escalate") if (count := counts[Key(day, What.QUESTION, decision)])}
    )


def _days(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)


def _median(minutes: Counter[str]) -> int | None:
    """None when there are too few to tell."""
    each = sorted(int(subject) for subject in minutes.elements())
    return each[(len(each) - 1) // 2] if len(each) >= FEWEST else None


def report(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Of the last days, today included."""
    today = now.astimezone(desk.hours.zone).date()
    return Turn(kind="adviser", orders=_orders(_of(today, days_wanted(event) or WEEK, situation, desk), desk))


def weekly(situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Of the seven days before this one; nothing when nobody asked anything."""
    one = _of(now.astimezone(desk.hours.zone).date() - timedelta(days=1), WEEK, situation, desk)
    return Turn(kind="clock", orders=_orders(one, desk)) if one.questions or one.tickets else NOTHING


def _of(until: date, days: int, situation: Situation, desk: Desk) -> Report:
    names = [adviser.name for adviser in situation.advisers]
    return of(situation.figures or Figures(), until - timedelta(days=days - 1), until, names, desk)


def _orders(one: Report, desk: Desk) -> tuple[Order, ...]:
    return (said(one, desk), *_picture(one, desk))


def _picture(one: Report, desk: Desk) -> tuple[Order, ...]:
    if desk.draw is None or one.questions < FEWEST:
        return ()
    picture = b64encode(desk.draw(one)).decode()
    name = f"{NAMES[0]}-{one.until}.png"
    return (SendFile(place=desk.staff, name=name, content=picture, encoded=True, parts=(Text(desk.staff_texts.report_picture),)),)


def said(one: Report, desk: Desk) -> Say:
    texts = desk.staff_texts
    top = one.gaps[:_MOST_LISTED]
    parts = [*_summary(one, texts), *_entries(one, desk, texts)]
    shown: list[Part] = []
    counts = numbers_of([gap.count for gap in one.gaps], texts)
    for number, gap in enumerate(top, start=1):
        shown += [Text(_gap_line(number, gap, counts[number - 1], desk, texts)), Quote(gap.example)]
    choices = tuple(
        Choice(texts.gap_write.format(number=number), Verb.WRITE_ANSWER, question=gap.question) for number, gap in enumerate(top, start=1)
    )
    head = (texts.report_gaps.format(n=number_of(len(one.gaps), texts)),) if top else ()
    return to_staff(desk, *parts, *head, *shown, choices=choices)


def _summary(one: Report, texts: Texts) -> Iterator[str]:
    yield texts.report_head.format(since=written(one.since, texts), until=written(one.until, texts))
    if not one.questions and not one.tickets:
        yield texts.report_nothing
        return
    lines = [texts.report_questions.format(n=number_of(one.questions, texts))]
    if one.questions >= FEWEST:
        lines += _decisions(one, texts)
    lines.append(texts.report_tickets.format(n=number_of(one.tickets, texts)))
    if one.reply_minutes is not None:
        lines.append(texts.report_reply.format(time=_time(one.reply_minutes, texts)))
    if one.liked or one.disliked:
        lines.append(texts.report_ratings.format(liked=number_of(one.liked, texts), disliked=number_of(one.disliked, texts)))
    yield _as_list(lines)


def _decisions(one: Report, texts: Texts) -> Iterator[str]:
    counts = [one.decided[decision] for decision in ("answer", "suggest", "escalate")]
    forms = (texts.report_answered, texts.report_suggested, texts.report_unanswered)
    for form, count, number in zip(forms, counts, numbers_of(counts, texts), strict=True):
        share = f" ({round(100 * count / one.questions)} %)" if number.isdecimal() and count else ""
        yield form.format(n=number + share)
    if len(one.days) <= _DAYS_SHOWN:
        numbers = numbers_of([decided.total() for decided in one.days.values()], texts)
        days = (f"{texts.weekdays[day.weekday()]} {number}" for day, number in zip(one.days, numbers, strict=True))
        yield texts.report_days.format(days=", ".join(days))


def _entries(one: Report, desk: Desk, texts: Texts) -> Iterator[str]:
    for head, found in ((texts.report_top, one.shown), (texts.report_not_helped, one.not_helped)):
        if found:
            ranked = sorted(found, key=lambda id: (-found[id], id))
            counted = zip(ranked, numbers_of([found[id] for id in ranked], texts), strict=True)
            yield f"{head}\n\n{_as_list([f'{title(id, desk)}: {number}' for id, number in counted][:_MOST_LISTED])}"
    for form, ids in ((texts.report_never, one.never_shown), (texts.report_overdue, one.overdue)):
        if ids:
            more = [texts.report_more.format(n=len(ids) - _MOST_LISTED)] if len(ids) > _MOST_LISTED else []
            yield f"{form.format(n=len(ids))}\n\n{_as_list([*(title(id, desk) for id in ids[:_MOST_LISTED]), *more])}"
    if one.unconfirmed:
        yield texts.report_unconfirmed.format(n=one.unconfirmed)


def _gap_line(number: int, gap: Gap, count: str, desk: Desk, texts: Texts) -> str:
    near = texts.gap_near.format(title=title(gap.nearest, desk)) if gap.nearest else texts.gap_far
    return texts.gap_line.format(number=number, n=count, language=desk.speaks(gap.language).language_name, nearest=near)


def title(id: str, desk: Desk) -> str:
    """An entry's, in the advisers' language; its id when it is no longer there."""
    entry = desk.content.entry(id)
    return entry.side(desk.staff_language).title if entry else id


def number_of(count: int, texts: Texts) -> str:
    return str(count) if count == 0 or count >= FEWEST else texts.report_fewer


def numbers_of(counts: Sequence[int], texts: Texts) -> list[str]:
    """Of what stands beside its total."""
    hidden = untold([(count,) for count in counts])
    return [texts.report_not_told if place in hidden else str(count) for place, count in enumerate(counts)]


def _time(minutes: int, texts: Texts) -> str:
    return texts.report_hours.format(h=minutes // 60, min=minutes % 60) if minutes >= 60 else texts.report_minutes.format(min=minutes)


def _as_list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
