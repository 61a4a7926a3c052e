"""What the doctor says of the packages' services: started at boot, up to date, able to read."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from hwagent.cli import installation
from hwagent.cli.installation import UNITS, holder, named, secrets, services, unreadable
from hwagent.collect.root import Root
from hwagent.config import Config
from hwagent.config.schema import Cluster
from hwagent.model import Health
from hwagent.net.peer import Peer

NOBODY = "nobody"


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *states: str) -> Root:
    """A host with the units, and a systemctl that says this of them."""
    for path in ("usr/lib/systemd/system/hwagent.socket", "run/systemd/system/x"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\n" + "".join(f"echo {state}\n" for state in states))
    program.chmod(0o755)
    monkeypatch.setattr(installation, "SYSTEM", str(tmp_path))
    return Root(tmp_path)


def test_services_that_start_at_boot_are_well(tmp_path, monkeypatch):
    (found,) = services(installed(tmp_path, monkeypatch, *["enabled"] * 4))
    assert found.health == Health.OK


def test_services_that_do_not_are_named_with_the_command_that_starts_them(tmp_path, monkeypatch):
    """As after `dnf install`, where presets leave everything off."""
    root = installed(tmp_path, monkeypatch, "enabled", "disabled", "enabled", "masked")
    (found,) = services(root)
    assert found.health == Health.DEGRADED
    assert f"{UNITS[1]} is disabled, {UNITS[3]} is masked" in found.found
    assert found.advice == "systemctl enable --now hwagent"


def test_without_systemd_or_the_package_there_are_none(tmp_path):
    assert list(services(Root(tmp_path))) == []


@pytest.mark.parametrize(
    ("since", "health", "word"),
    [(60.0, Health.OK, "what is installed"), (-60.0, Health.DEGRADED, "old code")],
    ids=["after", "before"],
)
def test_a_holder_from_before_an_upgrade_is_told_of(monkeypatch, since, health, word):
    class Process:
        def __init__(self, pid: int) -> None:
            assert pid == 42

        def create_time(self) -> float:
            return os.stat(installation.hwagent.__file__).st_ctime + since

    monkeypatch.setattr(installation, "owner", lambda users: Peer(42, 0))
    monkeypatch.setattr(psutil, "Process", Process)
    (found,) = holder()
    assert found.health == health
    assert word in found.found


def test_where_no_holder_is_there_is_nothing_to_say_of_it(monkeypatch):
    monkeypatch.setattr(installation, "owner", lambda users: None)
    assert list(holder()) == []


def configuration(key_file: Path | str) -> Config:
    return Config(cluster=Cluster(key_file=str(key_file)))


def test_all_files_that_a_configuration_names_are_found():
    assert list(named({"switches": [configuration("/a"), configuration("/b")]})) == ["/a", "/b"]
    assert list(named(Config())) == []


def test_a_secret_that_is_missing_is_told(tmp_path):
    (found,) = secrets(configuration(tmp_path / "none"))
    assert found.health == Health.DEGRADED
    assert f"{tmp_path}/none: No such file" in found.found


def test_one_that_can_be_read_is_well_and_its_words_are_not_told(tmp_path):
    (tmp_path / "key").write_text("secret")
    (found,) = secrets(configuration(tmp_path / "key"))
    assert found.health == Health.OK
    assert "secret" not in found.found


def test_what_systemd_keeps_is_not_looked_for():
    assert list(secrets(configuration("/run/credentials/hwagent.service/key"))) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_roots_own_secrets_are_not_the_agents(tmp_path, monkeypatch):
    """The commonest mistake: root writes the key, and the agent is not root."""
    for place in (tmp_path, *tmp_path.parents):
        place.chmod(place.stat().st_mode | 0o011)
    key = tmp_path / "key"
    key.write_text("secret")
    key.chmod(0o600)
    monkeypatch.setattr(installation, "USER", NOBODY)
    (found,) = secrets(configuration(key))
    assert found.health == Health.DEGRADED
    assert f"{NOBODY} cannot read {key}: Permission denied" in found.found
    assert found.advice == f"chgrp {NOBODY} {key}; chmod 640 {key}"
    key.chmod(0o644)
    (found,) = secrets(configuration(key))
    assert found.health == Health.OK


def test_nobody_is_called_able_who_could_not_be_asked(tmp_path):
    assert list(unreadable([sys.executable], "no-such-user")) == [sys.executable]
