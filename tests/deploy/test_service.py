"""The systemd unit: read here, and checked by systemd's own tools where they are installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "helpdesk.service"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def values(key: str) -> list[str]:
    return [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith(f"{key}=")]


def test_the_process_is_a_user_of_its_own_on_a_system_it_cannot_write_to() -> None:
    assert values("User") == ["helpdesk"]
    assert values("ProtectSystem") == ["strict"]
    assert values("NoNewPrivileges") == values("PrivateTmp") == values("ProtectHome") == ["yes"]
    assert values("CapabilityBoundingSet") == [""]
    assert values("StateDirectory") == ["helpdesk"]


def test_it_is_started_again_after_a_crash_and_not_after_wrong_settings() -> None:
    assert values("Restart") == ["on-failure"]
    assert values("RestartPreventExitStatus") == ["2"]
    assert values("After") == ["network-online.target postgresql.service"]
    assert values("TimeoutStopSec") == ["20"]


def test_secrets_are_handed_over_as_credentials() -> None:
    assert all(credential.endswith("token") for credential in values("LoadCredential"))
    assert not any(word in line for line in values("Environment") for word in ("TOKEN", "PASSWORD", "SECRET"))


def test_what_the_matcher_looks_at_in_proc_is_not_hidden() -> None:
    """Whether the processor can run the sentence vectors stands in /proc/cpuinfo."""
    assert values("ProcSubset") == []


@needs_systemd
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    unit = tmp_path / "helpdesk.service"
    unit.write_text(UNIT.read_text().replace("/opt/helpdesk/.venv/bin/helpdesk", sys.executable))
    assert ANALYZE is not None
    done = subprocess.run([ANALYZE, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


@needs_systemd
def test_systemd_calls_its_exposure_small() -> None:
    assert ANALYZE is not None
    command = [ANALYZE, "security", "--offline=true", "--threshold=20", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
