"""A client of another make has an encrypted conversation with the bot, and sees it as cross-signed."""

import asyncio
import itertools
import json
import shutil
from pathlib import Path

import pytest

from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.synapse import Synapse

_FOLDER = Path(__file__).parent / "js"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the client's packages installed once."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node is not installed; with it, a client of another make would talk to the bot here")
    return node


async def _run(*command: str, within: float) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=_FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        out, error = await asyncio.wait_for(process.communicate(), within)
    except TimeoutError:
        process.kill()
        out, error = await process.communicate()
    assert process.returncode == 0, f"{out.decode()[-3000:]}\n{error.decode()[-3000:]}"
    return out.decode()


async def test_matrix_js_sdk_trusts_the_bot_reads_its_answers_and_sees_the_ticket_as_a_thread(
    node: str, synapse: Synapse, sealed_desk: Desk
) -> None:
    if not (_FOLDER / "node_modules" / "matrix-js-sdk").is_dir():
        await _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", within=120)
    account = await synapse.register(f"js{next(_numbers)}")

    out = await _run(
        node,
        "client.js",
        synapse.url,
        account["user_id"],
        account["device_id"],
        account["access_token"],
        sealed_desk.user,
        sealed_desk.staff_room,
        within=90,
    )

    seen = {line["what"]: line for line in map(json.loads, (line for line in out.splitlines() if line.startswith('{"what"')))}
    print("\n" + "\n".join(json.dumps(line, ensure_ascii=False) for line in seen.values()))
    assert seen["device"]["signedByOwner"]
    for what in ("answer", "card", "reply", "passed on"):
        assert seen[what]["encrypted"], what
        assert not seen[what]["failed"], what
        assert seen[what]["shield"] == 0, what  # no shield: nothing to warn about
    assert seen["answer"]["msgtype"] == "m.notice"
    assert seen["thread"]["root"] == seen["thread"]["of"]
    assert any("Hvala lepa" in body for body in seen["thread"]["bodies"] if body)
