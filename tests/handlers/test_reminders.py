"""What is due for a ticket, by what it is alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import reminders, states
from handlers.desk import Desk, Reminders
from handlers.events import CLOCK, Due, Place, Sender
from handlers.hours import Hours
from handlers.respond import respond
from handlers.situation import Situation, State, Ticket
from tests.faq import LJUBLJANA, TUESDAY, desk

MAJA = Sender("maja", "Maja")
OPENED = Ticket(
    number=7,
    place=Place("fake", "ana"),
    person=Sender("ana", "Ana"),
    language="sl",
    title="Kje je pekarna?",
    opened_at=TUESDAY,
    waiting_since=TUESDAY,
)
CLAIMED = states.claimed(OPENED, MAJA, TUESDAY + timedelta(minutes=10))
ANSWERED = states.answered(CLAIMED, MAJA, TUESDAY + timedelta(hours=1))


def on(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=LJUBLJANA)  # type: ignore[misc, arg-type]


def times(ticket: Ticket, desk: Desk) -> dict[str, datetime]:
    return {alarm.what: alarm.at for alarm in reminders.alarms(ticket, desk)}


def test_each_state_has_its_alarms_and_no_others() -> None:
    assert times(OPENED, desk()) == {"unclaimed": on(2026, 11, 24, 10, 30)}
    assert times(CLAIMED, desk()) == {"unanswered": on(2026, 11, 24, 14, 10)}
    assert times(ANSWERED, desk()) == {"ask_again": on(2026, 11, 27, 11, 0), "close": on(2026, 12, 1, 11, 0)}
    assert times(states.closed(ANSWERED, TUESDAY), desk()) == {}


def test_alarms_are_the_same_however_late_they_are_computed() -> None:
    stored = replace(CLAIMED, waiting_since=CLAIMED.waiting_since and CLAIMED.waiting_since.astimezone(ZoneInfo("UTC")))
    assert reminders.alarms(stored, desk()) == reminders.alarms(CLAIMED, desk())


@pytest.mark.parametrize(
    ("asked", "reminded"),
    [
        (on(2026, 11, 24, 7, 0), on(2026, 11, 24, 9, 30)),  # before opening
        (on(2026, 11, 24, 14, 50), on(2026, 11, 25, 9, 20)),  # over night
        (on(2026, 11, 27, 14, 50), on(2026, 11, 30, 9, 20)),  # over a weekend
        (on(2026, 12, 24, 14, 50), on(2026, 12, 28, 9, 20)),  # over Christmas and a weekend
        (on(2026, 10, 23, 14, 50), on(2026, 10, 26, 9, 20)),  # over the change of the clocks
    ],
)
def test_only_opening_time_counts(asked: datetime, reminded: datetime) -> None:
    assert times(replace(OPENED, waiting_since=asked), desk()) == {"unclaimed": reminded}


def test_where_no_hours_are_known_every_hour_counts_and_no_list_is_due() -> None:
    always = desk(hours=Hours(zone=LJUBLJANA))
    assert times(replace(OPENED, waiting_since=on(2026, 11, 28, 23, 50)), always) == {"unclaimed": on(2026, 11, 29, 0, 20)}
    assert reminders.alarms_of_the_desk(always, TUESDAY) == ()


def test_a_ticket_that_is_put_off_is_called_for_when_it_is_back_and_for_nothing_else() -> None:
    friday = on(2026, 11, 27, 9, 0)
    for ticket in (OPENED, CLAIMED, ANSWERED):
        assert times(states.snoozed(ticket, friday), desk()) == {"wake": friday}
    for ticket in (OPENED, CLAIMED):
        assert times(states.snoozed(ticket, None), desk()) == {}
    assert times(states.snoozed(ANSWERED, None), desk()) == times(ANSWERED, desk())


def test_zero_switches_a_reminder_off() -> None:
    none = timedelta()
    silent = desk(reminders=Reminders(none, none, none, none, morning=False, weekly=None))
    for ticket in (OPENED, CLAIMED, ANSWERED):
        assert times(ticket, silent) == {}
    assert reminders.alarms_of_the_desk(silent, TUESDAY) == ()


def test_the_desk_s_own_alarms_are_the_next_morning_and_the_next_week() -> None:
    ours = {alarm.what: alarm.at for alarm in reminders.alarms_of_the_desk(desk(), TUESDAY)}
    assert ours == {"morning": on(2026, 11, 25, 9, 0), "weekly": on(2026, 11, 30, 9, 0)}


@pytest.mark.parametrize("what", ["unclaimed", "unanswered", "wake", "ask_again", "close", "unheard of"])
def test_what_is_no_longer_due_when_its_turn_comes_leads_to_nothing(what: str) -> None:
    event = Due(key="k", place=CLOCK, sender=Sender(""), at=TUESDAY, what=what, ticket=7)
    for ticket in (None, states.closed(ANSWERED, TUESDAY), OPENED):
        turn = respond(event, Situation(number=1, next_ticket=8, ticket=ticket), desk(), TUESDAY)
        assert turn.kind == "none"


def test_after_a_long_outage_the_person_is_not_asked_and_sent_away_at_once() -> None:
    late = TUESDAY + timedelta(days=14)
    situation = Situation(number=1, next_ticket=8, ticket=ANSWERED)
    ask, close = (
        respond(Due(key=what, place=CLOCK, sender=Sender(""), at=late, what=what, ticket=7), situation, desk(), late)
        for what in ("ask_again", "close")
    )
    assert ask.kind == "none"
    assert close.ticket is not None
    assert close.ticket.state is State.CLOSED
