"""A real homeserver on loopback, with its data in memory where there is room for it."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.platforms.matrix.client import Http

SHARED_SECRET = "only for tests"

_CONFIG = """
server_name: test.example
pid_file: {folder}/synapse.pid
listeners:
  - {{port: {port}, type: http, bind_addresses: ["127.0.0.1"], resources: [{{names: [client, media]}}]}}
database: {{name: sqlite3, args: {{database: "{folder}/synapse.db"}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
registration_shared_secret: "{secret}"
macaroon_secret_key: test
form_secret: test
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
enable_registration: false
bcrypt_rounds: 4
presence: {{enabled: false}}
max_upload_size: 30M
{limits}
"""

_FREE = "{per_second: 100000, burst_count: 100000}"
_NO_LIMITS = f"""
rc_message: {_FREE}
rc_registration: {_FREE}
rc_admin_redaction: {_FREE}
rc_room_creation: {_FREE}
rc_joins_per_room: {_FREE}
rc_login: {{address: {_FREE}, account: {_FREE}, failed_attempts: {_FREE}}}
rc_joins: {{local: {_FREE}, remote: {_FREE}}}
rc_invites: {{per_room: {_FREE}, per_user: {_FREE}, per_issuer: {_FREE}}}
"""

_LOG = """
version: 1
handlers: {file: {class: logging.FileHandler, filename: "%s/synapse.log"}}
root: {level: WARNING, handlers: [file]}
"""


@dataclass(frozen=True)
class Synapse:
    url: str
    folder: Path
    name: str = "test.example"

    async def register(self, name: str, password: str = "secret", *, admin: bool = False) -> dict[str, Any]:
        """A new account: its id, device and token."""
        http = Http(self.url)
        try:
            where = "/_synapse/admin/v1/register"
            nonce = (await http.call("GET", where))["nonce"]
            said = "\0".join((nonce, name, password, "admin" if admin else "notadmin"))
            mac = hmac.new(SHARED_SECRET.encode(), said.encode(), hashlib.sha1).hexdigest()
            body = {"nonce": nonce, "username": name, "displayname": name.capitalize(), "password": password, "admin": admin, "mac": mac}
            return await http.call("POST", where, body)
        finally:
            await http.close()


@contextlib.contextmanager
def running() -> Iterator[Synapse]:
    root = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="synapse-", dir=root))
    port = free_port()
    (folder / "homeserver.yaml").write_text(_CONFIG.format(folder=folder, port=port, secret=SHARED_SECRET, limits=_NO_LIMITS))
    (folder / "log.yaml").write_text(_LOG % folder)
    key = secrets.token_bytes(32)
    (folder / "signing.key").write_text(f"ed25519 a_test {base64.b64encode(key).decode().rstrip('=')}\n")
    command = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(folder / "homeserver.yaml")]
    with open(folder / "output", "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder)
        yield Synapse(url, folder)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/_matrix/client/versions", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("Synapse does not start:\n" + (folder / "output").read_text()[-3000:])


async def eventually(condition: Any, within: float = 20.0, what: str = "") -> Any:
    """Until the condition gives something; what it gave."""
    until = asyncio.get_running_loop().time() + within
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if asyncio.get_running_loop().time() > until:
            raise AssertionError(f"not within {within} s: {what or condition}")
        await asyncio.sleep(0.05)
