"""What every command has in common: JSON, tables, colours, errors, exit statuses."""

import json
import os
import re
import subprocess
import sys

import click
import pytest

from hwagent.cli import COMMANDS
from hwagent.cli import cli as group
from hwagent.cli.output import render_table
from tests.cli.running import ESCAPE, argv, cli, terminal

#: Every command that asks the agent, its exit status on a host with a failed power supply, and a
#: word that a person finds in its table.
ASKING = {
    ("status",): (2, "PSU2"),
    ("top", "-n", "1"): (2, "PSU2"),
    ("components",): (2, "PSU2"),
    ("components", "psu:PSU2"): (2, "online"),
    ("components", "psu:PSU1"): (0, "online"),
    ("alerts",): (2, "PsuOffline"),
    ("audit",): (1, "lost: psu:sim/PSU2"),
    ("audit", "--what-if", "psu:sim/PSU1"): (2, "host:sim, fleet:all would stop"),
    ("events",): (0, "PsuOffline"),
    ("history",): (0, "PsuOffline"),
    ("history", "psu:PSU2", "--type", "alert"): (0, "PsuOffline"),
    ("check",): (2, "CRITICAL"),
    ("silence", "--list"): (0, "nothing is silenced"),
    ("notify", "test"): (0, "journald"),
    ("metrics",): (0, "hwagent_power_supply_online"),
}


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_json_and_table_have_the_same_exit_status(sick, arguments):
    code, word = ASKING[arguments]
    table = cli(*arguments, socket=sick.socket)
    assert (table.code, table.err) == (code, "")
    assert word in table.out
    assert ESCAPE not in table.out
    answer = cli(*arguments, "-o", "json", socket=sick.socket)
    assert (answer.code, answer.err) == (code, "")
    assert isinstance(answer.json, dict)


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_without_an_agent_it_says_what_to_do_and_ends_with_3(arguments):
    for output in ("table", "json"):
        done = cli(*arguments, "-o", output)
        assert done.code == 3
        assert "start it with `hwagent run`" in done.out + done.err
        assert "Traceback" not in done.err


def test_every_command_takes_json():
    for names, command in leaves(group, ()):
        options = {o for p in command.params for o in p.opts}
        assert {"-o", "--output"} <= options, names
        assert command.help, names
        assert all(p.help for p in command.params if isinstance(p, click.Option)), names


def leaves(command: click.Command, names: tuple[str, ...]):
    if not isinstance(command, click.Group):
        yield names, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from leaves(command.get_command(context, name), (*names, name))


def test_the_issues_commands_are_all_there():
    wanted = {
        *("status", "top", "components", "alerts", "events", "history", "check", "collect"),
        *("decode", "capture", "replay", "simulate", "maintenance", "ack", "silence"),
        *("metrics", "run", "rules check", "rules test", "config check", "config show"),
        *("config reload", "notify test"),
    }
    assert wanted <= {" ".join(names) for names, _ in leaves(group, ())}
    shown = cli("--help").out
    assert all(re.search(rf"^  {name} ", shown, re.M) for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["statu"], "did you mean 'status'?"),
        (["frobnicate"], "hwagent --help"),
        (["status", "--colour"], "No such option"),
        (["maintenance", "maybe"], "'on', 'off'"),
        (["decode", "mdstats", "x"], "'mdstat'"),
        (["ack"], "COMPONENT"),
        (["history", "--since", "yesterday"], "units are"),
        (["silence"], "hwagent silence '*'"),
        (["silence", "x", "--for", "2 hours"], "units are"),
        (["do", "disk_locate", "disk:x", "on"], "NAME=VALUE"),
        (["config", "check", "/nonexistent.yaml"], "cannot be read"),
        (["simulate", "nothing"], "shipped are"),
        (["replay", "/etc/hostname"], "not a capture"),
        (["capture", "/nonexistent/x.tar.gz", "--root", "/nonexistent"], "/nonexistent/x.tar.gz"),
        (["simulate", "lost-psu", "--keep", "/proc/nothing"], "/proc/nothing"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_an_error_in_use_is_told_in_a_line_and_ends_with_3(arguments, says):
    done = cli(*arguments)
    assert done.code == 3
    assert says in done.err
    assert "Traceback" not in done.err


def test_errors_of_the_agent_are_passed_on(sick):
    for arguments in (["components", "disk:none"], ["ack", "disk:none"], ["forget", "disk:none"]):
        done = cli(*arguments, socket=sick.socket)
        assert done.code == 3
        assert "disk:none" in done.err


def test_colours_on_a_terminal_only_and_not_where_they_are_not_wanted(sick):
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminal(100, 30, "status", HWAGENT_SOCKET=sick.socket, **env) as screen:
            assert screen.ended() == 2
            assert (ESCAPE + "31m" in screen.shown) == coloured
    done = subprocess.run(
        argv("status"), capture_output=True, text=True, check=False,
        env={**os.environ, "HWAGENT_SOCKET": sick.socket, "TERM": "xterm-256color"},
    )  # fmt: skip
    assert ESCAPE not in done.stdout


def test_a_row_in_a_pipe_is_one_line_however_long():
    table = render_table(("id", "reason"), [("x" * 300, "y" * 300)])
    assert table.splitlines()[1].split() == ["x" * 300, "y" * 300]


def test_a_reader_that_has_seen_enough_is_no_error(sick):
    command = f"{sys.executable} -m hwagent.cli metrics | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False,
        env={**os.environ, "HWAGENT_SOCKET": sick.socket},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("# TYPE")


def test_a_socket_that_may_not_be_read_says_what_to_do(sick, tmp_path):
    code = (
        "import os, sys; os.setgid(4711); os.setuid(4711); from hwagent.cli.client import *\n"
        "try: request(sys.argv[1], 'GET', '/v1/status')\nexcept NoAgent as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import hwagent.cli.client\n" + code, sick.socket],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "try as root or in group hwagent" in done.stdout


def test_the_shape_of_status(sick):
    status = cli("status", "-o", "json", socket=sick.socket).json
    shape = ["host", "health", "mode", "version", "components", "alerts", "vips", "members"]
    assert list(status)[:8] == shape
    assert status["health"] == "failed"
    component = next(c for c in status["components"] if c["id"] == "psu:PSU2")
    assert list(component) == ["id", "kind", "health", "reason", "attributes", "metrics"]
    assert component["metrics"]["online"] == 0
    json.dumps(status, allow_nan=False)
