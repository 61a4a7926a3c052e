"""Manual pages say what the program says, and their examples work."""

import re
import shutil
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest

from hwagent.cli import cli as group
from tests.cli.running import cli

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("hwagent.1", "hwagent.yaml.5", "hwagent-rules.5")


def manpages():
    """The script that writes the pages."""
    spec = spec_from_file_location("manpages", DOCS / "manpages.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_as_the_script_writes_them():
    written = {path.name: path.read_text() for path in (DOCS / "man").iterdir()}
    assert written == manpages().pages(), "run `make man` and commit what it changes"


def test_every_command_has_a_section_with_its_options():
    page = (DOCS / "man/hwagent.1").read_text().replace("\\-", "-")
    for names, command in manpages().commands(group, ()):
        section = page.partition(f'.SS "hwagent {" ".join(names)}')[2].partition(".SS ")[0]
        assert section, names
        options = [p for p in command.params if isinstance(p, click.Option)]
        assert all(f"\\fB{', '.join(o.opts)}" in section for o in options), names


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_a_page_is_set_without_a_warning(page):
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", str(DOCS / "man" / page)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.startswith("HWAGENT")


def test_the_rule_and_the_test_in_the_manual_work(tmp_path):
    rule, test = re.findall(r"^```\n(.*?)^```", (DOCS / "rules.md").read_text(), re.S | re.M)
    (tmp_path / "mine.yaml").write_text(rule)
    (tmp_path / "test.yaml").write_text(test)
    checked = cli("rules", "check", str(tmp_path / "mine.yaml"))
    assert (checked.code, checked.err) == (0, "")
    tested = cli("rules", "test", str(tmp_path / "test.yaml"))
    assert (tested.code, tested.out) == (0, "1 tests, 0 failed\n")


def test_every_function_of_expressions_is_in_the_manual():
    from hwagent.rules.window import FUNCTIONS

    text = (DOCS / "rules.md").read_text()
    assert all(f"{name}(" in text for name in (*FUNCTIONS, "has", "abs", "peers"))
