"""What the helper goes by, whatever the agent asks: the configuration and what root alone wrote."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hwagent.config import default_file

from .verb import VerbRefused


class Trust(msgspec.Struct):
    """Said once when the process starts, and the same in all that is forked from it.

    ``runtime`` is a directory of our own that outlives us. ``manager`` says that this process is in
    a sandbox of systemd, so that hooks are to be run by systemd outside of it.
    """

    config: str = ""
    runtime: str = "/run/hwagent-helper"
    manager: bool = False

    def configuration(self) -> str:
        """The configuration's file, if nobody but its owner could have written it or its drop-ins.

        Raises VerbRefused.
        """
        path = self.config or default_file()
        for place in (path, *map(str, sorted((Path(path).parent / "conf.d").glob("*.yaml")))):
            trusted(place)
        return path


#: This process's own.
TRUST = Trust()


def trusted(path: str) -> str:
    """The file that a path leads to, whoever else is on this host: it and all above it belong to
    root, or to the user that we are, and nobody else can write them. Raises VerbRefused."""
    real = os.path.realpath(path)
    for place in (*_upwards(path), *_upwards(real)):
        try:
            about = os.stat(place)
        except OSError as e:
            raise VerbRefused(f"{place}: {e.strerror}") from None
        if about.st_uid not in (0, os.geteuid()):
            raise VerbRefused(f"{place} does not belong to root")
        sticky = place != real and about.st_mode & 0o1000  # others cannot replace what is in it
        if about.st_mode & 0o022 and not sticky:
            raise VerbRefused(f"{place} can be written by others than its owner")
    return real


def _upwards(path: str) -> Iterator[str]:
    yield path
    yield from map(str, Path(path).parents)
