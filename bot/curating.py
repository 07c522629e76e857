"""`helpdesk kb export` and `import`: drafts that were approved in chat, on their way into the FAQ's files."""

import argparse
import shutil
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import config
from bot.errors import ConfigError
from bot.relearning import addition_of
from bot.running import with_database
from handlers.situation import DraftState
from knowledge import content, exporting
from knowledge.drafts import missing
from storage import drafts, schema


def export(options: argparse.Namespace) -> int:
    """Into the FAQ itself, or into a copy of it that is made when it is not there yet."""
    settings = config.read(options.config)
    folder: Path = options.folder
    if not folder.exists():
        shutil.copytree(settings.desk.knowledge, folder)

    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            approved = await drafts.in_states(tx, drafts.IN_USE if options.all else (DraftState.APPROVED,))
            try:
                written = exporting.export([addition_of(draft) for draft in approved], folder, settings.desk.languages)
            except ValueError as error:
                raise ConfigError(str(error)) from None
            await drafts.settle(tx, [draft.number for draft in approved], DraftState.EXPORTED)
        for one in written:
            print(f"{one.file}: {'new entry' if one.new else 'wordings'}, {one.wordings} added")
        print(f"{folder}: {len(approved)} drafts, {len(written)} files written; `helpdesk kb check {folder}` says what is still missing")
        return 0

    return with_database(settings, work)


def take_in(options: argparse.Namespace) -> int:
    """Those that stand in the files are done. The bot answers by the files from its next start on."""
    settings = config.read(options.config)
    loaded = content.load(options.folder or settings.desk.knowledge, settings.desk.languages)

    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            in_use = await drafts.in_states(tx, drafts.IN_USE)
            lacking = set(missing(loaded, [addition_of(draft) for draft in in_use]))
            done = [draft for draft in in_use if addition_of(draft) not in lacking]
            left = [draft for draft in in_use if addition_of(draft) in lacking]
            dropped = [draft for draft in left if options.drop and draft.state is DraftState.EXPORTED]
            await drafts.settle(tx, [draft.number for draft in (*done, *dropped)], DraftState.DONE)
        for draft in left:
            print(
                f"draft {draft.number} ({draft.entry}): {'dropped' if draft in dropped else 'not in the files, still in use beside them'}"
            )
        print(f"{len(done)} drafts are in the files, {len(left) - len(dropped)} are not")
        return 0

    return with_database(settings, work)
