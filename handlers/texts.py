"""What the bot says, in each language: one dataclass, so that a missing or misspelt sentence stops the start."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from typing import Any

from babel import Locale

Plural = Mapping[str, str]
"""Forms by CLDR plural category: Slovene has `one`, `two`, `few`, `other`."""


@dataclass(frozen=True, slots=True)
class Texts:
    code: str
    """The language's code, `sl` or `en`."""
    language_name: str
    welcome: str
    help: str
    unknown_command: str
    language_which: str
    language_set: str
    cancelled: str
    nothing_to_cancel: str
    old_choice: str
    illegible: str
    slow_down: str
    answer_source: str
    source_one: str
    source_many: str
    answer_reviewed: str
    answer_overdue: str
    two_answers: str
    helped_question: str
    helped_yes: str
    helped_no: str
    helped_thanks: str
    unsure: str
    none_of_these: str
    related: str
    topics_which: str
    entries_which: str
    back_to_topics: str
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    handed_over: str
    handed_over_wish: str
    handed_over_not_helped: str
    handed_over_empty: str
    handed_over_late: str
    in_private: str
    write_privately: str
    chat_opened: str
    handed_over_failure: str
    closed_until: str
    ahead: Plural
    busy: str
    taken: str
    taken_by: str
    ask_again: str
    solved: str
    still_open: str
    ticket_closed_quiet: str
    rate: str
    like: str
    dislike: str
    liked: str
    disliked: str
    commented: str
    closed_now: str
    expected: str
    expected_unknown: str
    add_more: str
    already_open: str
    ticket_closed: str
    reopen: str
    ticket_reopened: str
    adviser_label: str
    sent_again: str
    edited: str
    until_today: str
    until_day: str
    weekdays_until: tuple[str, ...]
    at_today: str
    at_day: str
    weekdays_at: tuple[str, ...]
    weekdays: tuple[str, ...]
    full_hour: str
    full_hour_at: str
    hour_minute: str
    date_pattern: str
    you_are_blocked: str
    tickets_merged: str
    status_none: str
    status_nothing: str
    status_waiting: str
    status_queue: Plural
    status_claimed: str
    status_answered: str
    privacy: str
    privacy_contact: str
    privacy_complaint: str
    days: Plural
    data_file: str
    data_sent: str
    forget_sure: str
    forget_sure_ticket: str
    forget_yes: str
    forget_no: str
    forgotten: str
    kept: str
    card_title: str
    card_head: str
    card_no_name: str
    card_said: str
    card_no_question: str
    card_shown: str
    card_shown_wish: str
    card_offered: str
    card_offered_none: str
    card_unanswered: str
    card_wish: str
    card_late: str
    card_restored: str
    card_failure: str
    card_guesses: str
    card_no_guesses: str
    quoted: str
    card_why_close: str
    card_why_far: str
    card_expected: str
    card_again: str
    card_earlier: str
    entry_choice: str
    card_hint: str
    claim: str
    close: str
    release: str
    take_over: str
    note: str
    reopen_ticket: str
    claimed_by: str
    claimed_yours: str
    taken_over_by: str
    assigned_to: str
    assign_whom: str
    claimed_already: str
    released_by: str
    released_answered: str
    closed_by: str
    closed_already: str
    reopened_by: str
    snoozed_until: str
    snoozed: str
    snooze_usage: str
    held_claimed: str
    held_closed: str
    send_anyway: str
    take_over_and_send: str
    send_and_close: str
    close_anyway: str
    reopen_and_send: str
    do_not_send: str
    decided_already: str
    merge_which: str
    merge_none: str
    merged_here: str
    merged_there: str
    history_head: str
    history_line: str
    history_person: str
    history_clock: str
    not_shown: Plural
    not_shown_more: str
    happened: Mapping[str, str]
    """What can happen to a ticket, as its history tells it."""
    block_usage: str
    blocked_by: str
    blocked_already: str
    blocked_not: str
    blocked_nobody: str
    blocked_head: str
    blocked_line: str
    unblocked: str
    open_already: str
    person_reopened: str
    person_not_helped: str
    person_unreachable: str
    gone: Mapping[str, str]
    person_erased: str
    person_removed: str
    person_edited: str
    person_floods: str
    mark_sent: str
    withdrawn: str
    mark_held: str
    mark_internal: str
    not_sent: str
    reason_blocked: str
    reason_merged: str
    reason_other_open: str
    reason_unknown_command: str
    reason_no_ticket: str
    reason_erased: str
    reason_empty: str
    reason_note_empty: str
    reason_unreachable: str
    reason_refused: str
    reason_too_late: str
    reason_unknown: str
    reason_failed: str
    reason_restored: str
    reason_not_member: str
    reason_nothing_to_delete: str
    not_changed: str
    not_removed: str
    mark_removed: str
    thread_gone: str
    thread_mended: str
    channel_moved: str
    access_missing: str
    access_back: str
    right: Mapping[str, str]
    reason_illegible: str
    waiting_head: Plural
    waiting_none: str
    remind_unclaimed: str
    remind_unanswered: str
    remind_wake: str
    promised: str
    promised_over: str
    closed_by_time: str
    closed_by_person: str
    person_liked: str
    person_disliked: str
    person_commented: str
    morning_head: Plural
    morning_snoozed: str
    queue_empty: str
    queue_head: Plural
    queue_line: str
    state_waiting: str
    state_claimed: str
    state_answered: str
    state_snoozed: str
    state_snoozed_for_them: str
    state_closed: str
    entry_none: str
    entry_which: str
    entry_hint: str
    send_as_it_is: str
    entry_sent: str
    none_fit: str
    replies_head: str
    replies_none: str
    entry_usage: str
    staff_help: str
    alert_quarantined: str
    alert_restored: str
    alert_undelivered: str
    alert_undelivered_plain: str
    alert_deaf: str
    alert_heard: str
    alert_disk: str
    alert_disk_over: str
    alert_behind: str
    alert_behind_over: str
    and_word: str
    personal_kind: Mapping[str, str]
    personal_warned: str
    take_out: str
    taken_out: str
    personal_masked: str
    unmask: str
    unmasked: str
    nothing_masked: str
    answer_one_language: str
    draft_button: str
    draft_head: str
    draft_answer: str
    draft_took: str
    draft_nearest: str
    draft_no_nearest: str
    draft_add: str
    draft_new: str
    draft_cancel: str
    draft_cancelled: str
    draft_opened: str
    draft_wording_head: str
    draft_entry_head: str
    draft_from: str
    draft_missing: str
    draft_hint: str
    draft_approve: str
    draft_reject: str
    draft_approved: str
    draft_rejected: str
    draft_own: str
    draft_anybody: str
    draft_changed: str
    draft_gone: str
    draft_nothing: str
    draft_which: str
    draft_edit_usage: str
    drafts_none: str
    drafts_head: Plural
    report_head: str
    report_nothing: str
    report_questions: str
    report_answered: str
    report_suggested: str
    report_unanswered: str
    report_days: str
    report_tickets: str
    report_reply: str
    report_minutes: str
    report_hours: str
    report_ratings: str
    report_fewer: str
    report_not_told: str
    report_top: str
    report_not_helped: str
    report_never: str
    report_overdue: str
    report_more: str
    report_unconfirmed: str
    report_picture: str
    report_drawn: Mapping[str, str]
    """What the picture calls what the bot did."""
    report_gaps: str
    gap_line: str
    gap_near: str
    gap_far: str
    gap_write: str
    gap_prompt: str
    gap_gone: str
    attachment: Mapping[str, str]
    not_carried: str
    attachment_left: str

    def plural(self, forms: Plural, n: int) -> str:
        """The form that goes with the number, filled with it."""
        category = Locale.parse(self.code).plural_form(n)
        return forms.get(category, forms["other"]).format(n=n)

    def listed(self, items: Sequence[str]) -> str:
        """`a, b in c`."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.and_word} {items[-1]}"


def load(languages: Sequence[str]) -> Mapping[str, Texts]:
    """Raises ValueError naming the file and the sentences that are missing or unknown."""
    return {language: _read(language) for language in languages}


def _read(language: str) -> Texts:
    file = resources.files("handlers") / "translations" / f"{language}.toml"
    if not file.is_file():
        raise ValueError(f"handlers/translations/{language}.toml: not there; the desk cannot speak this language")
    sentences = tomllib.loads(file.read_text(encoding="utf-8"))
    known = {field.name for field in fields(Texts)} - {"code"}
    if set(sentences) != known:
        missing, unknown = sorted(known - set(sentences)), sorted(set(sentences) - known)
        raise ValueError(f"handlers/translations/{language}.toml: missing {missing}, unknown {unknown}")
    return Texts(code=language, **{key: _tidy(value) for key, value in sentences.items()})


def _tidy(value: Any) -> Any:
    match value:
        case str():
            return value.strip()
        case list():
            return tuple(value)
        case _:
            return value
