"""Asking from outside who answers for the addresses of others."""

import pytest

from hwagent.vip.effects import Place
from hwagent.vip.rollcall import BATCH, CERTAIN, EVERY, WINDOW, Rollcall
from tests.vip.lab import VIP, Lab, lab

__all__ = ["lab"]
ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"
PLACE = Place("eth0", VIP)
#: Asks the wire, and prints who answers.
_ASK = """
import json, time
from hwagent.net.announce import Announcer
from hwagent.net.listen import Ear
mac = bytes.fromhex("020000000009")
asked = ("10.0.0.10", "fd00::10")
ear, found = Ear(), set()
ear.listen(asked)
for address in asked:
    Announcer().ask("eth0", address, mac)
end = time.monotonic() + 30
while len(found) < 2 and time.monotonic() < end:
    found |= {(h.address, h.mac.hex(":")) for h in ear.heard() if h.answer}
print(json.dumps(sorted(found)))
"""


def asked(roll: Rollcall, now: float, *macs: str) -> dict[str, tuple[str, ...]]:
    """One question at a time, the answers to it, and the news of it."""
    assert roll.take(now, lambda: [PLACE]) == [PLACE]
    for mac in macs:
        roll.heard("10.0.0.10", mac)
    assert list(roll.judge(now + WINDOW / 2)) == []
    return dict(roll.judge(now + WINDOW))


def test_one_answer_is_well_at_once_and_said_once() -> None:
    roll = Rollcall()
    assert asked(roll, 0.0, ONE) == {"10.0.0.10": (ONE,)}
    assert asked(roll, EVERY, ONE) == {}
    assert asked(roll, 2 * EVERY, TWO) == {"10.0.0.10": (TWO,)}, "it has moved"


@pytest.mark.parametrize("macs", [(), (ONE, TWO)])
def test_none_or_two_are_told_when_it_is_certain(macs: tuple[str, ...]) -> None:
    roll = Rollcall()
    asked(roll, 0.0, ONE)
    told = [asked(roll, n * EVERY, *macs) for n in range(1, CERTAIN + 2)]
    assert told == [{}] * (CERTAIN - 1) + [{"10.0.0.10": macs}] + [{}]
    assert asked(roll, 9 * EVERY, ONE) == {"10.0.0.10": (ONE,)}, "over at the first good answer"


def test_a_move_or_a_lost_frame_is_no_alarm() -> None:
    roll = Rollcall()
    asked(roll, 0.0, ONE)
    for n in range(1, 20):
        assert asked(roll, n * EVERY, *((ONE,), (ONE, TWO), ())[n % 3]) == {}


def test_many_are_asked_for_a_few_at_a_time_and_none_twice() -> None:
    roll, places = Rollcall(), [Place("eth0", f"10.0.{n // 200}.{n % 200}/16") for n in range(995)]
    seen: list[Place] = []
    for turn in range(110):
        batch = roll.take(turn * 0.25, lambda: places)
        assert len(batch) <= BATCH
        seen += batch
    assert seen == places


def test_answers_to_nobodys_question_count_for_nothing() -> None:
    roll = Rollcall()
    roll.heard("10.0.0.10", TWO)
    assert asked(roll, 0.0, ONE) == {"10.0.0.10": (ONE,)}


@pytest.mark.root
def test_a_real_kernel_answers_and_learns_nothing(lab: Lab) -> None:
    lab.ip("addr add 10.0.0.10/24 dev br0", lab.switch)
    lab.ip("addr add fd00::10/64 dev br0 nodad", lab.switch)
    told = lab.python(_ASK)
    bridge = lab.ip("-br link show dev br0", lab.switch).split()[2]
    assert told.strip() == f'[["10.0.0.10", "{bridge}"], ["fd00::10", "{bridge}"]]'
    assert "10.0.0" not in lab.ip("neigh show", lab.switch)
