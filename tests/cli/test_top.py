"""``hwagent top``: the live screen, also on a small terminal, and what a pipe gets."""

import subprocess

import pytest
from rich.console import Console

from hwagent.cli.condense import condense
from hwagent.cli.screen import screen
from tests.cli.running import ESCAPE, argv, cli, plain, terminal


def component(kind, name, health="ok", **metrics):
    return {
        "id": f"{kind}:{name}", "kind": kind, "health": health, "reason": "", "attributes": {},
        "metrics": metrics,
    }  # fmt: skip


def alert(number, severity="warning", inhibited_by=""):
    return {
        "state": "firing", "severity": severity, "since": 90.0, "rule": "R", "component": "disk:a",
        "summary": f"problem {number}", "inhibited_by": inhibited_by,
    }  # fmt: skip


def status(**more):
    return {
        "host": "h", "health": "ok", "mode": "act", "components": [], "alerts": [], "vips": [],
        "time": 100.0, "started": 10.0, "ready": True, "maintenance": "", "problems": [],
        "quiet": [], **more,
    }  # fmt: skip


def drawn(status, width=80, height=24, outcomes=()):
    console = Console(width=width, height=height, color_system=None)
    with console.capture() as captured:
        console.print(screen(status, outcomes, height))
    return captured.get()


def test_problems_come_before_addresses_and_kinds():
    vip = {
        "address": "192.0.2.1/24",
        "state": "held",
        "interface": "eno1",
        "reason": "",
        "since": 95.0,
    }
    outcome = {
        "action": {"name": "array_add_spare", "component": "array:md0"},
        "result": "done", "detail": "", "ended": 99.0,
    }  # fmt: skip
    host = status(
        health="failed",
        components=[component("disk", "a", "failed"), component("fan", "f1")],
        alerts=[alert(1), alert(2, "critical"), alert(3, "critical", "SmartFailed")],
        vips=[vip],
    )
    text = drawn(host, outcomes=[outcome])
    order = ["h failed", "problem 2", "problem 1", "problem 3", "192.0.2.1/24", "disk", "fan",
             "array_add_spare"]  # fmt: skip
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)


@pytest.mark.parametrize(("width", "height"), [(200, 60), (80, 24), (60, 12), (40, 8), (20, 4)])
def test_it_fits_any_terminal_and_says_what_it_leaves_out(width, height):
    kinds = [component(f"kind{n}", "x") for n in range(30)]
    host = status(components=kinds, alerts=[alert(n) for n in range(40)], problems=["journal: no"])
    lines = drawn(host, width, height).rstrip("\n").splitlines()
    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width
    if height >= 8:
        assert any("more" in line for line in lines)


def test_many_of_a_kind_are_a_range_and_few_are_told_one_by_one():
    fans = [component("fan", f"fan{n}", rpm=1000 + 100 * n) for n in range(5)]
    assert condense("fan", fans) == "1000 rpm to 1400 rpm (fan4)"
    assert condense("fan", fans[:2]) == "fan0 1000 rpm, fan1 1100 rpm"
    assert condense("fan", [component("fan", n, rpm=900) for n in "abcd"]) == "4 at 900 rpm"
    nics = [component("nic", "eno1", speed_bits_per_second=25 * 10**9, operstate="up"),
            component("nic", "eno2", carrier=0, operstate="down")]  # fmt: skip
    assert condense("nic", nics) == "eno1 25 Gbit/s, eno2 no link"
    assert condense("nic", [nics[0], *nics, nics[0]]) == "3 at 25 Gbit/s, 1 no link"
    many = [component("probe", f"p{n}") for n in range(9)]
    assert condense("probe", many) == "p0, p1, p2, p3, p4, p5 and 3 more"


def test_the_screen_follows_the_host_the_window_and_ends_with_q(agent):
    with terminal(100, 30, "top", "--interval", "0.2", HWAGENT_SOCKET=agent.socket) as screen:
        assert "PSU1, PSU2" in plain(screen.wait("PSU2"))
        agent.server.set("psu:PSU2", online=False)
        screen.wait("feeds the host no more")
        screen.resize(40, 10)
        screen.shown = ""
        screen.wait("…")
        screen.type("q")
        assert screen.ended() == 0
        assert ESCAPE + "?1049l" in screen.shown, "the screen from before is back"
    agent.server.set("psu:PSU2", online=True)
    agent.wait_alert("PsuOffline", firing=False)


def test_the_screen_says_that_the_agent_is_gone():
    with terminal(100, 30, "top", "--interval", "0.1", HWAGENT_SOCKET="/nonexistent") as screen:
        screen.wait("no agent at /nonexistent")
        screen.type("q")
        assert screen.ended() == 0


def test_json_is_one_status_a_line(sick):
    done = cli("top", "-n", "2", "--interval", "0.1", "-o", "json", socket=sick.socket)
    assert done.code == 2
    assert [line["host"] for line in done.lines] == ["sim", "sim"]


def test_a_pipe_gets_text_when_something_changes(sick):
    done = cli("top", "-n", "3", "--interval", "0.1", socket=sick.socket)
    assert done.code == 2
    assert done.out.count("sim: failed") == 1
    assert ESCAPE not in done.out


def test_run_show_starts_the_agent_shows_it_and_ends_both(agent, tmp_path):
    arguments = [
        "run", "--show", "--root", str(agent.server.tree.path), "--config",
        str(agent.place / "hwagent.yaml"), "--runtime-directory", str(tmp_path / "run"),
        "--state-directory", str(tmp_path / "lib"),
    ]  # fmt: skip
    with terminal(100, 40, *arguments) as screen:
        screen.wait("PSU1, PSU2")
        assert (tmp_path / "run/hwagent.sock").exists()
        screen.type("q")
        assert screen.ended() == 0
    assert not (tmp_path / "run/hwagent.sock").exists()


def test_run_says_why_it_does_not_start(tmp_path):
    (tmp_path / "hwagent.yaml").write_text("mode: acting\n")
    for more in ([], ["--show"]):
        done = subprocess.run(
            argv("run", *more, "--config", str(tmp_path / "hwagent.yaml")),
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 3
        assert "hwagent.yaml:1:7" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_log_of_run_can_be_json(agent, tmp_path):
    done = subprocess.run(
        argv(
            "run", "-o", "json", "--root", str(agent.server.tree.path),
            "--runtime-directory", str(agent.place / "run"), "--state-directory", str(tmp_path),
        ), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "another hwagent is running" in done.stderr
