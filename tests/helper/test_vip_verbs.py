"""Services of a virtual IP: what is run as root, with what, in which order; above all what is not.

systemd is a script here that writes down what it was asked: no test starts units on this host.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwagent.collect.root import Root
from hwagent.helper.trust import TRUST
from hwagent.helper.verbs import VerbResult, run_verb
from tests.waiting import wait_for

VIP = "10.0.0.10/24"
_SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >> "$(dirname "$0")/../log"
case "$*" in *broken*) echo "Unit broken.service not found." >&2; exit 5;; esac
"""
_SYSTEMD_RUN = """#!/bin/sh
echo "systemd-run $*" >> "$(dirname "$0")/../log"
while [ "$1" != -- ]; do
  case "$1" in --setenv=*) export "${1#--setenv=}";; esac
  shift
done
shift
exec "$@"
"""


class Desk:
    """A directory with a configuration, scripts, and a log of all that was run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log"
        self.log.touch()
        self.script("bin/systemctl", _SYSTEMCTL)
        self.script("bin/systemd-run", _SYSTEMD_RUN)

    def script(self, name: str, text: str) -> str:
        place = self.path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
        return str(place)

    def hook(self, name: str, more: str = "") -> str:
        """A script that logs its name, step and epoch, then does more."""
        text = f'#!/bin/sh\necho "{name} $* $HWAGENT_STEP $HWAGENT_EPOCH" >> {self.log}\n{more}\n'
        return self.script(name, text)

    def configure(self, *run: Any, **times: str) -> None:
        services = {"run": run, **times}
        vip = {"address": VIP, "interfaces": ["eth0"], "services": services}
        (self.path / "hwagent.yaml").write_text(json.dumps({"host": "h1", "vips": [vip]}))

    def do(self, step: str, **more: Any) -> VerbResult:
        return run_verb("vip_service", {"vip": VIP, "step": step, **more}, Root("/"))

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path)
    monkeypatch.setattr(TRUST, "config", str(tmp_path / "hwagent.yaml"))
    monkeypatch.setattr(TRUST, "runtime", str(tmp_path / "run"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return made


def test_started_in_order_and_stopped_in_the_other_with_the_epoch(desk: Desk) -> None:
    one = {"start": [desk.hook("one"), "a b", "$HOME"], "stop": [desk.hook("end")]}
    desk.configure("db.service", one, {"start": [desk.hook("two")]})
    assert desk.do("start", epoch=7) == VerbResult(True)
    assert desk.do("stop", epoch=7) == VerbResult(True)
    assert desk.lines() == [
        "systemctl --no-ask-password start -- db.service",
        "one a b $HOME start 7",
        "two  start 7",
        "end  stop 7",
        "systemctl --no-ask-password stop -- db.service",
    ]


def test_a_hook_learns_what_it_is_about_and_inherits_little(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "x")
    desk.configure({"start": [desk.script("env", f"#!/bin/sh\nenv > {desk.path}/env.out\n")]})
    assert desk.do("start", epoch=9, state="preparing", reason="h2 moved it").ok
    found = dict(n.split("=", 1) for n in (desk.path / "env.out").read_text().splitlines())
    ours = {key: value for key, value in found.items() if key.startswith("HWAGENT")}
    assert ours == {
        "HWAGENT_VIP": VIP, "HWAGENT_ADDRESS": "10.0.0.10", "HWAGENT_STEP": "start",
        "HWAGENT_EPOCH": "9", "HWAGENT_STATE": "preparing", "HWAGENT_REASON": "h2 moved it",
        "HWAGENT_GROUP": "", "HWAGENT_HOST": "h1",
    }  # fmt: skip
    assert "SECRET" not in found


def test_the_first_failure_of_a_start_is_the_last_thing_done(desk: Desk) -> None:
    desk.configure({"start": [desk.hook("bad", "echo no disk; exit 3")]}, "db.service")
    done = desk.do("start")
    assert not done.ok
    assert done.detail.endswith("bad ended with status 3: no disk")
    assert len(desk.lines()) == 1


def test_a_unit_that_fails_is_told_in_its_words(desk: Desk) -> None:
    desk.configure("broken.service")
    done = desk.do("start")
    assert "broken.service ended with status 5: Unit broken.service not found." in done.detail
    assert not desk.do("check").ok


def test_a_stop_goes_on_after_a_failure_and_tells_all(desk: Desk) -> None:
    bad = {"stop": [desk.hook("bad", "exit 1")]}
    desk.configure({"stop": [desk.hook("worse", "exit 2")]}, "db.service", bad)
    done = desk.do("stop")
    assert "bad ended with status 1" in done.detail
    assert "worse ended with status 2" in done.detail
    assert len(desk.lines()) == 3


def test_a_unit_that_another_address_needs_is_left_running(desk: Desk) -> None:
    desk.configure("db.service", "lb.service")
    assert desk.do("stop", keep=["db.service"]).ok
    assert desk.lines() == ["systemctl --no-ask-password stop -- lb.service"]


def test_a_hook_that_overruns_is_ended_with_all_it_started(desk: Desk) -> None:
    children = desk.path / "children"
    more = f"sleep 1000 & echo $! > {children}; trap '' TERM; sleep 1000"
    desk.configure({"start": [desk.hook("slow", more)]}, start_timeout="500ms")
    began = time.monotonic()
    done = desk.do("start")
    assert "slow did not end in time" in done.detail
    assert time.monotonic() - began < 60
    child = int(children.read_text())
    wait_for(lambda: _dead(child), 60, "all ended")


def test_what_a_hook_leaves_running_may_go_on_talking(desk: Desk) -> None:
    more = f"(sleep 0.2; echo still here; echo $? > {desk.path}/said) &"
    desk.configure({"start": [desk.hook("daemon", more)]})
    assert desk.do("start").ok
    said = desk.path / "said"
    wait_for(lambda: said.exists() and said.read_text() == "0\n", 60, "the daemon, unharmed")


def test_what_was_started_is_stopped_whatever_the_configuration_says(desk: Desk) -> None:
    desk.configure({"start": [desk.hook("on")], "stop": [desk.hook("off")]})
    assert desk.do("start", epoch=7).ok
    (desk.path / "hwagent.yaml").write_text('{"host": "h1"}')
    assert desk.do("stop", epoch=7).ok
    assert desk.lines() == ["on  start 7", "off  stop 7"]
    assert "no address 10.0.0.10/24 in the configuration" in desk.do("stop").detail


def _writable(desk: Desk, hook: Path) -> None:
    hook.chmod(0o775)


def _in_a_writable_directory(desk: Desk, hook: Path) -> None:
    hook.parent.chmod(0o777)


def _not_roots(desk: Desk, hook: Path) -> None:
    os.chown(hook, 12345, 0)


def _behind_a_link_of_others(desk: Desk, hook: Path) -> None:
    hook.rename(desk.path / "bin" / "real")
    desk.path.joinpath("bin").chmod(0o777)
    hook.symlink_to(desk.path / "bin" / "real")


def _gone(desk: Desk, hook: Path) -> None:
    hook.unlink()


def _not_executable(desk: Desk, hook: Path) -> None:
    hook.chmod(0o644)


@pytest.mark.root
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_writable, "can be written by others"),
        (_in_a_writable_directory, "can be written by others"),
        (_not_roots, "does not belong to root"),
        (_behind_a_link_of_others, "can be written by others"),
        (_gone, "No such file"),
        (_not_executable, ""),
    ],
)
def test_what_others_could_have_written_is_not_run(
    desk: Desk, spoil: Callable[[Desk, Path], None], says: str
) -> None:
    hook = Path(desk.hook("hooks/up"))
    desk.configure({"start": [str(hook)]})
    spoil(desk, hook)
    for step in ("check", "start"):
        done = desk.do(step)
        assert not done.ok
        assert says in done.detail
    assert desk.lines() == []


@pytest.mark.root
@pytest.mark.parametrize("place", ["hwagent.yaml", "conf.d/more.yaml"])
def test_a_configuration_that_others_could_have_written_counts_for_nothing(
    desk: Desk, place: str
) -> None:
    desk.configure({"start": [desk.hook("up")]})
    (desk.path / "conf.d").mkdir()
    (desk.path / "conf.d/more.yaml").write_text("{}")
    os.chown(desk.path / place, 12345, 0)
    assert "does not belong to root" in desk.do("start").detail
    assert desk.lines() == []


def test_what_the_agent_asks_for_must_stand_in_the_configuration(desk: Desk) -> None:
    desk.configure("db.service")
    answer = run_verb("vip_service", {"vip": "10.0.0.11/24", "step": "start"}, Root("/"))
    assert "no address 10.0.0.11/24" in answer.detail
    more = {"vip": VIP, "step": "start", "run": ["/bin/sh"]}
    assert not run_verb("vip_service", more, Root("/")).ok
    for vip in ("../../etc/x", "", "x" * 99, "10.0.0.10/99", None):
        for step in ("start", "stop", "check", "repeat", "other"):
            assert not run_verb("vip_service", {"vip": vip, "step": step}, Root("/")).ok
    assert not run_verb("vip_service", {"vip": VIP, "step": "start"}, Root(desk.path)).ok
    assert desk.lines() == []


def test_in_a_sandbox_systemd_runs_hooks_outside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TRUST, "manager", True)
    desk.configure({"start": [desk.hook("up", "echo bad luck; exit 4"), "x"]}, start_timeout="20s")
    done = desk.do("start", epoch=7)
    assert done.detail.endswith("up ended with status 4: bad luck")
    stop, run, ran = desk.lines()
    assert stop == "systemctl stop -- hwagent-vip-10.0.0.10.service"
    assert "--wait --collect --pipe --unit=hwagent-vip-10.0.0.10 " in run
    assert "--property=RuntimeMaxSec=20" in run
    assert ran == "up x start 7"


def _dead(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
