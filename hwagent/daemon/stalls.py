"""The worst stalls of this host's holder, hour by hour for a week, over restarts of everything."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from hwagent.config import Config, Group, read_source
from hwagent.vip.protocol import Status
from hwagent.vip.timing import bearable, misfit

from .memory import save_memory

#: Hours that are kept.
HOURS = 7 * 24
#: Seconds between two looks at what the holder tells.
_PAUSE = 5.0


class Book(msgspec.Struct):
    """Worst stall in milliseconds by hour since the epoch, and until when it was kept (s)."""

    hours: dict[int, float] = {}
    kept: float = 0.0

    def note(self, now: float, worst: float) -> bool:
        """Takes the worst of the last hour; true if that is news."""
        hour = int(now // 3600)
        known = self.hours.get(hour)
        self.kept = now
        self.hours = {h: w for h, w in self.hours.items() if hour - HOURS < h <= hour}
        self.hours[hour] = max(worst, known or 0.0)
        return known is None or worst > known

    def worst(self) -> float | None:
        """The worst of all, in seconds; None if nothing was ever measured."""
        return max(self.hours.values()) / 1000 if self.hours else None


def read_book(path: Path) -> Book:
    """The book of an agent; an empty one if there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except (OSError, msgspec.DecodeError):
        return Book()


class StallBook:
    """Keeps the book of one agent in its state directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = read_book(path)
        self._told: Status | None = None

    def worst(self) -> float | None:
        """The worst stall of a week in seconds; None if nothing was ever measured."""
        return self._book.worst()

    async def run(self, clock: Callable[[], float], status: Callable[[], Status | None]) -> None:
        """Keeps the book until cancelled; the clock tells seconds since the epoch."""
        while True:
            if (told := status()) is not None:
                await self._note(clock(), told)
            await asyncio.sleep(_PAUSE)

    async def _note(self, now: float, told: Status) -> None:
        self._told = told
        if self._book.note(now, told.stall_ms_hour):
            data = msgspec.to_builtins(self._book, str_keys=True)
            await asyncio.to_thread(save_memory, self._path, data)

    def figures(self) -> dict[str, Any]:
        """For people: the holder's stalls in milliseconds, and what interval this host bears."""
        worst, status = self._book.worst(), self._told
        return {
            "stall_ms_max": status.stall_ms_max if status else None,
            "stall_ms_hour": status.stall_ms_hour if status else None,
            "stall_ms_week": None if worst is None else round(worst * 1000, 1),
            "bears_ms": None if worst is None else round(bearable(worst) * 1000),
            "turns": list(status.turns) if status else [],
            "lacks": list(status.lacks) if status else [],
        }


def refuse_misfits(file: str, config: Config, before: Iterable[Group], worst: float | None) -> None:
    """Raises ConfigError for a group's times that this host was seen not to keep.

    Times that are in force already are left alone: nobody gains if other changes are refused.
    """
    known = {group.name: (group.interval, group.lease) for group in before}
    for index, group in enumerate(config.groups):
        fresh = known.get(group.name) != (group.interval, group.lease)
        if worst is not None and fresh and not group.insist and (why := misfit(group, worst)):
            raise read_source(file).error(("groups", index, "interval"), why)
