"""A child that goes on is left alone, one that hangs is found, whatever its parent does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from hwagent.helper.heart import LOOK, LOOKS, Heart
from hwagent.helper.process import expendable
from tests.waiting import wait_for


def looks(heart: Heart, start: float, number: int, beats: int = 0) -> list[bool]:
    """What so many looks find, with so many beats before each."""
    found = []
    for n in range(number):
        for _ in range(beats):
            heart.beat()
        found.append(heart.stopped(start + n * LOOK))
    return found


def test_one_that_hangs_is_found_after_looks_enough_and_no_sooner():
    heart = Heart()
    assert looks(heart, 100.0, 5, beats=1) == [False] * 5
    assert looks(heart, 200.0, LOOKS) == [False] * (LOOKS - 1) + [True]


def test_one_beat_between_two_looks_is_enough():
    assert looks(Heart(), 100.0, 10 * LOOKS, beats=1) == [False] * 10 * LOOKS


def test_more_questions_are_not_more_looks():
    heart = Heart()
    assert not any(heart.stopped(100.0 + n * LOOK / 100) for n in range(100))


def test_a_parent_that_stood_still_has_looked_once():
    """As after a freeze of the whole host, from which the parent wakes first."""
    heart = Heart()
    heart.beat()
    assert not heart.stopped(100.0)
    assert not heart.stopped(100_000.0)


def test_a_child_has_all_the_time_from_its_beginning():
    heart = Heart()
    looks(heart, 100.0, LOOKS)
    heart.begin()
    assert looks(heart, 200.0, LOOKS - 1) == [False] * (LOOKS - 1)


def test_more_beats_than_anybody_looks_at_hold_no_child_up():
    heart = Heart()
    assert looks(heart, 100.0, 1, beats=100_000) == [False]


_SERVICE = """
import hwagent.helper.heart as heart
heart.LOOK, heart.LOOKS = 0.1, 5
from hwagent.helper.service import Service
Service(None, "/nowhere/holder.sock", "nobody", "/").run()
"""


def test_a_guardian_that_hangs_is_replaced():
    with subprocess.Popen([sys.executable, "-c", _SERVICE], stderr=subprocess.DEVNULL) as service:
        try:
            first = wait_for(lambda: children(service.pid), what="a guardian")
            os.kill(first[0], signal.SIGSTOP)
            wait_for(lambda: set(children(service.pid)) - set(first), what="another guardian")
        finally:
            service.kill()


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_gives_up_what_the_service_is_spared_by_and_takes_nothing(tmp_path: Path):
    file = tmp_path / "oom_score_adj"
    for before, after in (("-900", "0"), ("0", "0"), ("300", "300")):
        file.write_text(before)
        expendable(file)
        assert file.read_text().strip() == after
    expendable(tmp_path / "none")
