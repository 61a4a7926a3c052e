"""Runs the examples of the README: ``python -m tests.readme`` fills in what they print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)


class Command(NamedTuple):
    """A command of the README and the output that stands below it."""

    text: str
    output: str

    @property
    def background(self) -> bool:
        """True if it ends with an ampersand."""
        return self.text.endswith("&")


def blocks(language: str) -> Iterator[re.Match[str]]:
    """The blocks of the README in one language."""
    return (m for m in _BLOCK.finditer(README.read_text()) if m[1] == language)


def files() -> dict[str, str]:
    """The files of the README, by the name in their first line."""
    return {m[2].partition("\n")[0].removeprefix("# "): m[2] for m in blocks("yaml")}


def commands(block: str) -> list[Command]:
    """The commands of one block, after its prompt; ``>`` goes on with the one before."""
    prompt = block[:2]
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith(prompt):
            found.append(Command(line[2:], ""))
        elif line.startswith("> "):
            found[-1] = Command(f"{found[-1].text}\n{line[2:]}", "")
        else:
            found[-1] = Command(found[-1].text, found[-1].output + line + "\n")
    return found


class Shell:
    """Where the commands run: a directory with the README's files."""

    def __init__(self, place: Path) -> None:
        self.place = place
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.env = {**os.environ, "PATH": path, "NO_COLOR": "1"}
        self._background: list[subprocess.Popen[bytes]] = []
        _clean()
        for name, text in files().items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_text(text)

    def run(self, command: Command) -> str:
        """Runs one command; what it printed."""
        if command.text.startswith("export "):
            name, _, value = command.text.removeprefix("export ").partition("=")
            self.env[name] = value
            return ""
        if command.background:
            self._background.append(self._start("exec " + command.text.rstrip("& ")))
            return ""
        child = self._start(command.text)
        output, _ = child.communicate(timeout=120)
        return re.sub(r" +$", "", output.decode(), flags=re.M)

    def close(self) -> None:
        """Ends what was started in the background."""
        for child in self._background:
            child.terminate()
        for child in self._background:
            child.wait(30)
        _clean()

    def _start(self, text: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["bash", "-c", text], cwd=self.place, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


def _clean() -> None:
    """Takes away the README's namespace, also that of a run that was killed."""
    subprocess.run(["ip", "netns", "del", "hwlab"], capture_output=True, check=False)


def main() -> None:
    """Writes what the commands print now into the README, which the author then reads."""
    import tempfile
    import time

    text = README.read_text()
    with tempfile.TemporaryDirectory() as place:
        shell = Shell(Path(place))
        try:
            for match in list(blocks("console")):
                told = []
                for command in commands(match[2]):
                    lines = command.text.splitlines()
                    prompt = match[2][0]
                    time.sleep(1)  # a reader types slowly
                    told.append(f"{prompt} " + "\n> ".join(lines) + "\n" + shell.run(command))
                text = text.replace(match[0], f"```console\n{''.join(told)}```")
        finally:
            shell.close()
    README.write_text(text)


if __name__ == "__main__":
    main()
