"""What the desk does, as figures that Prometheus collects. Labels say kind, language, platform and state: nothing about any one person."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.platforms.base import Platform
from handlers.desk import Matcher
from handlers.events import Event
from handlers.situation import Situation, State, Turn
from knowledge.decisions import Decision
from storage.figures import Figures, Queue

_MATCHING = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Counts since the process began; what is in the database is read when it is asked for."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter("helpdesk_questions", "Questions taken in", ["platform", "language"], registry=self._registry)
        self._decisions = Counter("helpdesk_decisions", "What events led to", ["kind", "language"], registry=self._registry)
        self._matching = Histogram("helpdesk_matching_seconds", "Deciding on a text", buckets=_MATCHING, registry=self._registry)

    def count(self, event: Event, situation: Situation, turn: Turn) -> None:
        """One event was dealt with."""
        conversation = turn.conversation or situation.conversation
        language = conversation.language if conversation else ""
        self._decisions.labels(turn.kind, language).inc()
        if turn.question and turn.question.number == situation.number:
            self._questions.labels(event.place.platform, turn.question.language).inc()

    def timed(self, matcher: Matcher) -> Matcher:
        """The same matcher, with an eye on the clock."""
        return _Timed(matcher, self._matching)

    def exposition(self, now: "Now") -> bytes:
        """Everything in Prometheus' text format."""
        current = CollectorRegistry()
        current.register(now)
        return generate_latest(self._registry) + generate_latest(current)


@dataclass(frozen=True)
class _Timed:
    matcher: Matcher
    histogram: Histogram

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        begun = time.perf_counter()
        try:
            return self.matcher.decide(text, language, earlier)
        finally:
            self.histogram.observe(time.perf_counter() - begun)


@dataclass(frozen=True, eq=False)
class Now(Collector):
    """How things stand at this moment."""

    at: datetime
    figures: Figures
    platforms: Sequence[Platform]
    failures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By platform: how often something was not sent, by what went wrong."""

    def collect(self) -> Iterator[Metric]:
        tickets = GaugeMetricFamily("helpdesk_tickets", "Tickets, by state", labels=["state"])
        for state in State:
            tickets.add_metric([state], self.figures.tickets.get(state, 0))
        yield tickets
        yield GaugeMetricFamily("helpdesk_inbox", "Events that wait to be answered", self.figures.inbox.size)
        yield GaugeMetricFamily("helpdesk_inbox_age_seconds", "How long the oldest of them waits", self._age(self.figures.inbox))
        yield GaugeMetricFamily("helpdesk_quarantined", "Events set aside for a person to look at", self.figures.quarantined)
        yield from self._by_platform()

    def _by_platform(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("helpdesk_outbox", "Orders that wait to be carried out", labels=["platform"])
        age = GaugeMetricFamily("helpdesk_outbox_age_seconds", "How long the oldest of them waits", labels=["platform"])
        reached = GaugeMetricFamily("helpdesk_reached_seconds", "Seconds since the platform last answered", labels=["platform"])
        failures = CounterMetricFamily("helpdesk_send_failures", "Sends that did not succeed", labels=["platform", "reason"])
        for platform in self.platforms:
            queue = self.figures.outbox.get(platform.name, Queue())
            size.add_metric([platform.name], queue.size)
            age.add_metric([platform.name], self._age(queue))
            if platform.reached_at is not None:
                reached.add_metric([platform.name], (self.at - platform.reached_at).total_seconds())
            for reason, count in self.failures.get(platform.name, {}).items():
                failures.add_metric([platform.name, reason], count)
        yield from (size, age, reached, failures)

    def _age(self, queue: Queue) -> float:
        return (self.at - queue.since).total_seconds() if queue.since else 0.0
