"""What is approved in chat works at once: laid over the FAQ with the next event, learnt in a process of its own meanwhile."""

import asyncio
import logging
import os
import pickle
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk, Matcher
from handlers.situation import Draft
from knowledge import matching
from knowledge.drafts import Addition, Overlay, merged, missing
from knowledge.entries import Content
from storage import drafts

log = logging.getLogger(__name__)

Learn = Callable[[Content], Awaitable[Matcher]]


class Knowledge:
    """The desk as it knows things now. Each process finds out for itself, with each event, when something was approved."""

    def __init__(self, desk: Desk, learn: Learn | None = None) -> None:
        """Without `learn` only the approved wordings themselves are known, word for word or nearly so."""
        self._desk = desk
        self._files = desk.content
        self._learnt = desk.matcher
        self._learn = learn
        self._approved: dict[int, Draft] = {}
        """By number. What a curator has taken into the files meanwhile stays until the process starts anew, with those files."""
        self._revision = 0
        self._changed = asyncio.Event()

    async def current(self, tx: AsyncConnection) -> Desk:
        revision = await drafts.revision(tx)
        if revision != self._revision:
            self._approved |= {draft.number: draft for draft in await drafts.in_states(tx, drafts.IN_USE)}
            self._desk = await asyncio.to_thread(self._with, list(self._approved.values()))
            self._revision = revision
            self._changed.set()
        return self._desk

    def _with(self, approved: Sequence[Draft]) -> Desk:
        additions = missing(self._files, [addition_of(draft) for draft in approved])
        if not additions:
            return self._desk
        content = merged(self._files, additions)
        log.info("%d approved drafts beside the FAQ's files", len(additions))
        return replace(self._desk, content=content, matcher=Overlay(self._learnt, content, additions))

    async def run(self) -> None:
        """Learn whenever something was approved, until cancelled."""
        while self._learn is not None:
            await self._changed.wait()
            self._changed.clear()
            content = self._desk.content
            if content is self._files:
                continue
            try:
                self._learnt = await self._learn(content)
            except LearningFailed as error:
                log.error("%s; approved wordings are found word for word until the next attempt", error)
                continue
            if content is self._desk.content:  # else more was approved meanwhile, and it all begins again
                self._desk = replace(self._desk, matcher=self._learnt)
                log.info("learnt what was approved")


class LearningFailed(Exception):
    """The process that learns came to nothing; the next approval is the next attempt."""


def in_a_process(settings: matching.Settings) -> Learn:
    """It takes about a minute of a processor, during which nobody should wait for an answer; what was learnt comes back by the cache."""

    async def learn(content: Content) -> Matcher:
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.relearning", stdin=asyncio.subprocess.PIPE)
        try:
            await child.communicate(pickle.dumps((content, settings)))
        finally:
            if child.returncode is None:
                child.kill()
        if child.returncode:
            raise LearningFailed(f"the process that learns ended with {child.returncode}")
        return await asyncio.to_thread(matching.train, content, settings)

    return learn


def addition_of(draft: Draft) -> Addition:
    on = (draft.decided_at or draft.created_at).date()
    return Addition(draft.entry, draft.topic, draft.language, draft.wording, draft.answer, on)


def _learn_from_stdin() -> None:
    os.nice(10)
    matching.train(*pickle.load(sys.stdin.buffer))


if __name__ == "__main__":
    _learn_from_stdin()
