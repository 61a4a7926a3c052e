"""Installed, used, upgraded, removed and purged for real, in an overlay over this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.conftest import thorough
from tests.packaging.overlay import Overlay

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and overlayfs")
CONFIG = "etc/hwagent/hwagent.yaml"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Overlay]:
    with Overlay(tmp_path) as machine:
        yield machine


def done(machine: Overlay, *argv: str) -> str:
    answer = machine.run(*argv)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_the_whole_life_of_the_deb(machine, deb):
    done(machine, "dpkg", "-i", "--force-depends", machine.copy(deb))
    assert done(machine, "hwagent", "--version").startswith("hwagent ")
    look = machine.run("hwagent", "collect", "-o", "json")
    assert '"host:' in look.stdout, look.stderr
    assert "uid=" in done(machine, "id", "hwagent")
    done(machine, "hwagent", "config", "check")
    # nothing was compiled, and nothing else is otherwise than it was shipped
    assert done(machine, "dpkg", "--verify", "hwagent") == ""
    compiled = len(list((machine.root / "usr/lib/hwagent").rglob("*.pyc")))
    assert compiled == done(machine, "dpkg", "-L", "hwagent").count(".pyc\n")
    enabled = machine.root / "etc/systemd/system/multi-user.target.wants/hwagent.service"
    assert enabled.is_symlink()

    (machine.root / CONFIG).write_text("mode: dry_run\n")
    (machine.root / "var/lib/hwagent").mkdir()
    done(machine, "dpkg", "-r", "hwagent")
    assert not (machine.root / "usr/lib/hwagent").exists()
    assert (machine.root / CONFIG).read_text() == "mode: dry_run\n"

    done(machine, "dpkg", "-P", "hwagent")
    assert [path for path in machine.left() if "root/" not in path] == []
    assert machine.run("id", "hwagent").returncode != 0


@thorough
def test_an_upgrade_keeps_what_the_user_wrote(machine, deb):
    package = machine.copy(deb)
    done(machine, "dpkg", "-i", "--force-depends", package)
    (machine.root / CONFIG).write_text("mode: dry_run\n")
    done(machine, "dpkg", "-i", "--force-depends", "--force-confold", package)
    assert (machine.root / CONFIG).read_text() == "mode: dry_run\n"
    assert done(machine, "hwagent", "--version").startswith("hwagent ")


@thorough
def test_what_lies_in_the_current_directory_is_not_run(machine, deb):
    """Root may well stand in a directory that somebody else can write to."""
    done(machine, "dpkg", "-i", "--force-depends", machine.copy(deb))
    trap = machine.root / "tmp/trap/hwagent"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('trapped')\n")
    for argv in ("hwagent --version", "hwagent collect -o json"):
        answer = machine.run("sh", "-c", f"cd /tmp/trap && {argv}")
        assert "trapped" not in answer.stdout + answer.stderr


@thorough
def test_the_rpm_installs_and_leaves_nothing_but_what_rpm_leaves(machine, rpm):
    package = machine.copy(rpm)
    done(machine, "rpm", "--initdb")
    done(machine, "rpm", "-i", "--nodeps", package)
    assert done(machine, "hwagent", "--version").startswith("hwagent ")
    done(machine, "hwagent", "config", "check")
    done(machine, "rpm", "-U", "--nodeps", "--replacepkgs", package)
    assert done(machine, "hwagent", "--version").startswith("hwagent ")
    done(machine, "rpm", "-e", "--nodeps", "hwagent")
    left = [path for path in machine.left() if "hwagent" in path and "root/" not in path]
    assert left == []
