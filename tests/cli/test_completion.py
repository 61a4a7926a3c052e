"""Shell completion: in a real bash, with ids and rules from the running agent."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.running import cli

#: Bash hands the function a line as a person typed it, up to the cursor.
ASK = """
hwagent() {{ "{python}" -m hwagent.cli "$@"; }}
env() {{ command env "${{@:1:$#-1}}" "{python}" -m hwagent.cli; }}
{script}
COMP_LINE=$1; COMP_POINT=${{#1}}; COMP_WORDS=(unused); COMP_CWORD=0
_hwagent_completion hwagent
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(line: str, socket: str) -> list[str]:
    """What bash would offer after a line."""
    script = cli("completion", "bash").out
    done = subprocess.run(
        ["bash", "-c", ASK.format(python=sys.executable, script=script), "bash", line],
        capture_output=True, text=True, check=True,
        env={**os.environ, "HWAGENT_SOCKET": socket},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("hwagent sta", ["status"]),
        ("hwagent maintenance ", ["on", "off"]),
        ("hwagent rules ", ["check", "names", "test"]),
        ("hwagent components ps", ["psu:PSU1", "psu:PSU2"]),
        # bash replaces only what stands after the last colon
        ("hwagent components psu:PSU", ["PSU1", "PSU2"]),
        ("hwagent components psu:", ["PSU1", "PSU2"]),
        ("hwagent ack ", ["psu:PSU2"]),
        ("hwagent ack psu:PSU2 ", ["PsuOffline"]),
        ("hwagent silence --rule PsuO", ["PsuOffline"]),
        ("hwagent check --kind ps", ["psu"]),
        ("hwagent do disk_", ["disk_locate"]),
        ("hwagent do disk_locate psu:PSU1", ["PSU1"]),
        ("hwagent simulate lost", ["lost-psu"]),
        ("hwagent decode smartctl-", ["smartctl-scan"]),
    ],
)
def test_bash_offers(sick, line, offered):
    assert completed(line, sick.socket) == offered


def test_without_an_agent_there_is_nothing_to_offer():
    assert completed("hwagent components ps", "/nonexistent") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell, tmp_path):
    script = cli("completion", shell)
    assert script.code == 0
    assert "_HWAGENT_COMPLETE" in script.out
    assert cli("completion", shell, "-o", "json").json["script"] + "\n" == script.out
    if shutil.which(shell):
        (tmp_path / "script").write_text(script.out)
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_an_unknown_shell_is_told():
    done = cli("completion", "csh")
    assert done.code == 3
    assert "'bash'" in done.err
