"""The image and its neighbours: no engine runs them here, so they are read, rule by rule."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


def instructions() -> list[tuple[str, str]]:
    """Instruction and the rest of its line, comments and line breaks taken away."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def all_of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_every_instruction_is_one_that_engines_know() -> None:
    known = {"FROM", "ENV", "RUN", "COPY", "WORKDIR", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in instructions()} <= known


def test_the_base_image_is_named_in_full_with_a_version() -> None:
    for image in all_of("FROM"):
        assert re.match(r"[\w.]+/[\w/]+:[\w.-]*\d[\w.-]*( AS \w+)?$", image), image


def test_the_process_is_nobody_special_and_writes_to_its_volume_alone() -> None:
    last = CONTAINERFILE[CONTAINERFILE.rindex("FROM ") :]
    assert re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert "USER 0" not in last
    assert all_of("VOLUME") == ["/data"]
    assert "HOME=/data XDG_CACHE_HOME=/data/cache" in last


def test_dependencies_come_with_their_hashes_and_nothing_is_fetched_otherwise() -> None:
    installs = [run for run in all_of("RUN") if "pip install" in run]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert not re.search(r"curl|wget|apt-get|ADD ", CONTAINERFILE)


def test_commands_are_lists_so_that_signals_reach_the_process() -> None:
    for word in ("ENTRYPOINT", "CMD"):
        assert all(rest.startswith("[") for rest in all_of(word))
    assert re.search(r"CMD \[.*/healthz", all_of("HEALTHCHECK")[0])


def test_what_is_copied_is_there_and_not_held_back() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert ignored[1] == "*"
    for source in (rest.split()[0] for rest in all_of("COPY") if not rest.startswith("--from")):
        assert (ROOT / source).exists()
        assert source in allowed
    assert not any(fnmatch(secret, name) for name in allowed for secret in ("config.toml", "helpdesk.db", "telegram-token", ".git"))


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_each_container_has_no_more_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "network_mode", "pid", "ipc"} & service.keys()
    assert service["restart"] == "unless-stopped"


def test_the_database_is_a_fixed_version_on_a_volume_and_out_of_reach_from_outside() -> None:
    database = COMPOSE["services"]["database"]
    assert re.search(r"/postgres:18(\.\d+)?$", database["image"])
    assert database["volumes"] == ["database:/var/lib/postgresql"]
    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["services"]["helpdesk"]["depends_on"]["database"]["condition"] == "service_healthy"


def test_secrets_are_files_and_stand_in_no_variable() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            assert not re.search("TOKEN|PASSWORD|SECRET", name) or name.endswith("_FILE"), name
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value))
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text()
    assert "config.toml" in (ROOT / ".gitignore").read_text().splitlines()


def test_backups_leave_the_container_and_stay_out_of_the_repository() -> None:
    assert "./backups:/backup" in COMPOSE["services"]["helpdesk"]["volumes"]
    assert "/deploy/backups/" in (ROOT / ".gitignore").read_text()


def test_health_is_open_to_this_machine_alone() -> None:
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"]["helpdesk"]["ports"])


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-audit.lock"])
def test_every_locked_package_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / "deploy" / lock).read_text()
    packages = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert all(re.match(r"[\w.\[\]-]+==[\w.+!-]+.* \\$", line) for line in packages), packages
    assert len(re.findall(r"\\\n    --hash=sha256:", text)) >= len(packages)
    assert "://" not in text
