"""A root that remembers all that collectors read through it: what ``hwagent capture`` saves.

What is read decides what is captured, so a capture holds what every collector of this version
needs, and nothing else of the host.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from .command import CommandOutput
from .root import Root, Unreadable, command_file

#: Links of /sys are a few steps deep; more is a loop.
STEPS_MAX = 200


class RecordingRoot(Root):
    """Reads as Root does; ``files``, ``links``, ``directories`` and ``failures`` tell what."""

    def __init__(self, path: str | Path = "/") -> None:
        super().__init__(path)
        self.files: dict[str, bytes] = {}
        self.links: dict[str, str] = {}
        self.directories: set[str] = set()
        self.failures: dict[str, str] = {}

    def content(self, relative: str) -> bytes:
        """Content of a file, remembered under its real place."""
        place = self._follow(relative)
        try:
            data = super().content(relative)
        except Unreadable as e:
            self.failures[relative] = e.why
            raise
        self.files[place] = data
        return data

    def names(self, relative: str) -> list[str]:
        """Names in a directory; each is remembered as a link, or as there."""
        found = super().names(relative)
        place = self._follow(relative)
        self.directories.add(place)
        for name in found:
            self._note(f"{place}/{name}")
        return found

    def exists(self, relative: str) -> bool:
        """True if there is such a file or directory, which is remembered as there."""
        there = super().exists(relative)
        if there:
            self._note(self._follow(relative))
        return there

    def link(self, relative: str) -> str:
        """Last part of a link's target."""
        self._follow(os.path.dirname(relative))
        self._note(f"{self._follow(os.path.dirname(relative))}/{os.path.basename(relative)}")
        return super().link(relative)

    def real(self, relative: str) -> str:
        """Path after all links, which are remembered."""
        self._follow(relative)
        return super().real(relative)

    def command(self, name: str, argv: list[str], deadline: float = 60.0) -> CommandOutput:
        """Output of a command, remembered as a file."""
        output = super().command(name, argv, deadline)
        self.files[command_file(name)] = output.stdout
        return output

    def _note(self, place: str) -> None:
        path = self.path(place)
        if os.path.islink(path):
            self._follow(place)
        elif os.path.isdir(path):
            self.directories.add(place)

    def _follow(self, relative: str) -> str:
        """The place without links; every link on the way is remembered."""
        todo = list(_parts(relative))[::-1]
        at: list[str] = []
        for _ in range(STEPS_MAX):
            if not todo:
                break
            part = todo.pop()
            if part == "..":
                at = at[:-1]
                continue
            place = "/".join([*at, part])
            target = self._target(place)
            if target is None:
                at.append(part)
                continue
            self.links[place] = target
            if target.startswith("/"):
                at = []
            todo.extend(list(_parts(target))[::-1])
        return "/".join(at)

    def _target(self, place: str) -> str | None:
        try:
            return os.readlink(self.path(place))
        except (OSError, ValueError):
            return None


def _parts(path: str) -> Iterator[str]:
    return (p for p in path.split("/") if p not in ("", "."))
