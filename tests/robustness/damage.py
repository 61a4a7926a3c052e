"""A simulated server whose files are damaged, and what the agent makes of it.

The whole agent's judgement is used: a healthy (or ailing) look first, then one at the damage.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hwagent.collect.base import Collector
from hwagent.collect.registry import collectors
from hwagent.collect.root import Root, Unreadable
from hwagent.config import Config
from hwagent.daemon.inventory import Job
from hwagent.daemon.judge import Judge
from hwagent.daemon.loading import rule_set
from hwagent.daemon.probe import probe_sample
from hwagent.model import Component, Health, Sample
from hwagent.testing.server import Server

#: A look at a tree takes a tenth of a second; one that takes so long hangs.
HANG = 30
#: Nobody's: root may read what has no permission.
NOBODY = 65534
_RULES = rule_set(Config())

#: Names of damages after which a file is not there, as if the hardware did not have it.
ABSENT = frozenset({"missing", "dangling"})


class Damage(NamedTuple):
    """What is done to one place of a tree: a word, and content where the word is ``content``."""

    kind: str
    content: bytes = b""

    def inflict(self, place: Path) -> None:
        """Does it; what was there is gone."""
        if self.kind in ("cut", "forbidden") and place.is_symlink():
            return  # links have neither content nor permissions of their own
        if self.kind == "cut":
            if place.is_file():
                os.truncate(place, place.stat().st_size // 2)
            return
        if self.kind == "forbidden":
            place.chmod(0)
            return
        _remove(place)
        if self.kind == "content":
            place.write_bytes(self.content)
        elif self.kind == "fifo":
            os.mkfifo(place)
        elif self.kind == "directory":
            place.mkdir()
        elif self.kind == "loop":
            place.symlink_to(place.name)
        elif self.kind == "dangling":
            place.symlink_to("nowhere")


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


class Looked(NamedTuple):
    """Everything that one look found: each job's samples, or why it failed."""

    found: dict[Job, list[Sample]]
    failed: dict[Job, str]


class Patient:
    """A server in a tree that anybody may read, its places, and what a look at it says."""

    def __init__(self, **parts: Any) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="hwagent-damage-"))
        self.path.chmod(0o755)
        server = Server.build(self.path / "host", **parts)
        for _ in range(3):
            server.advance(30)
        self.root = self.path / "host"
        self._spare = self.path / "spare"
        shutil.copytree(self.root, self._spare, symlinks=True)
        self.places = sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*"))
        for collector in collectors():  # what Python loads late may be unreadable to nobody
            _look_with(collector, Root(self.root), Looked({}, {}))
        self.files = [p for p in self.places if (self.root / p).is_file()]
        self.before = look(self.root)
        assert not self.before.failed
        self.well = judged(self.before)

    def close(self) -> None:
        """Removes it."""
        shutil.rmtree(self.path)

    @contextmanager
    def damaged(self, damages: dict[str, Damage]) -> Iterator[None]:
        """The damages, one after the other; everything is as it was afterwards."""
        try:
            for place, damage in damages.items():
                if os.path.lexists(self.root / place):
                    damage.inflict(self.root / place)
            yield
        finally:
            for place in sorted(damages, key=len):
                self._heal(place)

    def _heal(self, place: str) -> None:
        at, whole = self.root / place, self._spare / place
        while not whole.parent.is_dir():
            at, whole = at.parent, whole.parent
        _remove(at)
        if whole.is_dir() and not whole.is_symlink():
            shutil.copytree(whole, at, symlinks=True)
        else:
            shutil.copy2(whole, at, follow_symlinks=False)

    def after(self, damages: dict[str, Damage]) -> dict[str, Component]:
        """What the agent says once it looks at the damages."""
        with self.damaged(damages):
            return judged(self.before, look(self.root))


def look(root: Path) -> Looked:
    """Runs every collector as a worker would, as somebody who may not read everything.

    What a collector raises besides Unreadable, or a look that hangs, fails the test.
    """
    looked = Looked({}, {})
    with _as_nobody(), _alarm():
        for collector in collectors():
            _look_with(collector, Root(root), looked)
    return looked


def _look_with(collector: Collector, root: Root, looked: Looked) -> None:
    try:
        targets = collector.targets(root)
    except Unreadable as e:
        looked.failed[collector.name, ""] = str(e)
        return
    for target in targets:
        try:
            looked.found[collector.name, target] = collector.collect(root, target)
        except Unreadable as e:
            looked.failed[collector.name, target] = str(e)


def judged(*looks: Looked) -> dict[str, Component]:
    """What the rules say after these looks, a minute apart; a rule's time counts as served."""
    judge = Judge(_RULES, impatient=True)
    known: set[Job] = set()
    for number, looked in enumerate(looks):
        now = 1_700_000_000.0 + 60 * number
        for job, why in looked.failed.items():
            judge.failed(now, job, why)
            judge.found(now, ("probe", "/".join(job)), [probe_sample(*job, failed=why)])
        for job in known - looked.found.keys() - _unseen(known, looked):
            judge.gone(now, job)
        for job, samples in looked.found.items():
            judge.found(now, job, samples)
        judge.engine.evaluate(now)
        known |= looked.found.keys()
    return {c.id: c for c in judge.components()}


def _unseen(known: set[Job], looked: Looked) -> set[Job]:
    """Jobs of which a look says nothing, since they or their collector's targets failed."""
    return {job for job in known if {job, (job[0], "")} & looked.failed.keys()}


def ok(component: Component | None) -> bool:
    """True if somebody is told that it is well."""
    return component is not None and component.health is Health.OK


@contextmanager
def _as_nobody() -> Iterator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextmanager
def _alarm() -> Iterator[None]:
    def hangs(number: int, frame: Any) -> None:
        raise AssertionError(f"the look hangs for {HANG} s")

    old = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
