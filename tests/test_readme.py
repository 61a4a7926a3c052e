"""Every command of the README runs, and prints what stands there."""

import os
import re
import subprocess

import pytest

from tests.readme import README, Command, Shell, blocks, commands
from tests.waiting import wait_for

#: What is another at every run: times, spans of time, ids, how long a look took.
MOVING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d\.\d+)?"), "TIME"),
    (re.compile(r"\b(\d+[dhms]){1,2}\b"), "SPAN"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "ID"),
    (re.compile(r" +$", re.M), ""),
    (re.compile(r" +"), " "),
)
BLOCKS = [m[2] for m in blocks("console")]


def steady(text: str) -> str:
    """A text without what moves."""
    for pattern, word in MOVING:
        text = pattern.sub(word, text)
    return text


def test_every_example_prints_what_stands_there(tmp_path):
    shell = Shell(tmp_path)
    try:
        for block in BLOCKS:
            if block.startswith("# ") and os.geteuid() != 0:
                continue
            for command in commands(block):
                check(shell, command)
    finally:
        shell.close()


def check(shell: Shell, command: Command) -> None:
    """A reader types slowly; what has just been started or pulled may need a moment more."""
    seen = [shell.run(command)]

    def same() -> bool:
        if steady(seen[-1]) != steady(command.output):
            seen.append(shell.run(command))
        return steady(seen[-1]) == steady(command.output)

    looks = re.search(r"hwagent (?!silence|simulate)| show ", command.text)
    if not looks:
        assert steady(seen[-1]) == steady(command.output), command.text
        return
    wait_for(same, 20, lambda: f"{command.text}\n{seen[-1]}\ninstead of\n{command.output}")


def test_there_are_five_examples_on_one_page():
    text = README.read_text()
    examples = text.partition("## Five examples")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\*\*", examples, re.M)) == 5
    assert len(text.splitlines()) < 250


@pytest.mark.parametrize("target", ["run", "test", "lint", "bench", "install"])
def test_the_targets_of_make_that_are_named_exist(target):
    done = subprocess.run(
        ["make", "-n", target], cwd=README.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere():
    prose = re.sub(r"^```.*?^```", "", README.read_text(), flags=re.S | re.M)
    for link in re.findall(r"\]\(([^)#]+)\)", prose):
        assert (README.parent / link).exists(), link
