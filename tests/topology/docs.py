"""Runs what docs/audit.md shows: ``python -m tests.topology.docs`` fills in what it prints."""

import re
import shlex
import tempfile
from pathlib import Path

from hwagent.topology.reliability import DEFAULTS
from tests.cli.running import cli

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
#: A file, a change to the file before, or a command with what it prints.
_STEP = re.compile(
    r"<!-- file: (?P<file>\S+) -->\n```yaml\n(?P<text>.*?)```"
    r"|<!-- edit: (?P<old>.*?) => (?P<new>.*?) -->"
    r"|(?P<head><!-- run: (?P<command>.*?) -->\n)```\n(?P<output>.*?)```",
    re.S,
)
_RATES = re.compile(r"(<!-- rates -->\n).*?(<!-- end -->)", re.S)


def filled(page: str, place: Path) -> str:
    """The page with what its commands print; files are written to a directory."""
    file = place / "none"

    def step(match: re.Match[str]) -> str:
        nonlocal file
        if match["file"]:
            file = place / match["file"]
            file.write_text(match["text"])
        elif match["old"]:
            before = file.read_text()
            assert before.count(match["old"]) == 1, match["old"]
            file.write_text(before.replace(match["old"], match["new"]))
        else:
            words = [str(file) if w == file.name else w for w in shlex.split(match["command"])]
            done = cli(*words)
            assert not done.err, done.err
            return f"{match['head']}```\n$ hwagent {match['command']}\n{done.out}```"
        return match[0]

    return _RATES.sub(rf"\g<1>{rates()}\g<2>", _STEP.sub(step, page))


def rates() -> str:
    """The default rates as a table."""
    lines = ["| kind | failures a year | hours to repair | source |", "|---|---|---|---|"]
    for kind, rate in DEFAULTS.items():
        lines.append(f"| {kind} | {rate.per_year:g} | {rate.repair / 3600:g} | {rate.source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(filled(PAGE.read_text(), Path(made)))
