"""The holder's side of the gate, with a mapping that is read as the kernel reads it."""

import mmap
import os
import select
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.gate import SLOTS
from hwagent.vip.slots import Slots

ADDRESSES = tuple(f"10.0.0.{n}" for n in range(6))


class Gate:
    """What a guardian hands over."""

    def __init__(self) -> None:
        self.file = os.memfd_create("gate")
        os.ftruncate(self.file, SLOTS * 8)
        self.words = memoryview(mmap.mmap(self.file, SLOTS * 8)).cast("Q")

    def seconds(self, *slots: int) -> list[float]:
        """The deadlines of slots."""
        return [self.words[slot] / 1e9 for slot in slots]


@pytest.fixture
def slots() -> Iterator[Slots]:
    with select.epoll() as poll:
        yield Slots(poll)


def test_one_of_many_that_is_shut_stays_shut_whatever_slots_come(slots: Slots) -> None:
    gate = Gate()
    slots.adopt(gate.file, {a: n for n, a in enumerate(ADDRESSES)})
    slots.open_until(ADDRESSES, 7.0)
    slots.open_until(ADDRESSES, 8.0)
    slots.open_until(ADDRESSES[:1], 0)
    assert gate.seconds(0, 1, 5) == [0, 8, 8]
    slots.assign({a: n + 10 for n, a in enumerate(ADDRESSES)})
    assert gate.seconds(10, 11, 15) == [0, 8, 8]
    slots.open_until(ADDRESSES[1:], 9.0)
    assert gate.seconds(10, 11, 15) == [0, 9, 9]
    assert gate.seconds(1, 5) == [8, 8], "slots that are given back are no business of ours"


def test_what_was_open_before_there_was_a_gate_is_open_with_it(slots: Slots) -> None:
    slots.open_until(ADDRESSES, 7.0)
    slots.open_until(ADDRESSES[2:3], 0)
    gate, other = Gate(), Gate()
    slots.adopt(gate.file, {a: n for n, a in enumerate(ADDRESSES)})
    assert gate.seconds(1, 2, 3) == [7, 0, 7]
    slots.open_until(ADDRESSES[3:], 8.0)
    slots.adopt(other.file, {a: n for n, a in enumerate(ADDRESSES)})
    assert other.seconds(1, 2, 3) == [7, 0, 8], "the guardian came back with another gate"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.lists(st.sampled_from(ADDRESSES), unique=True), st.integers(0, 9)),
            st.dictionaries(st.sampled_from(ADDRESSES), st.integers(0, 9), max_size=6),
        ),
        max_size=30,
    )
)
def test_every_slot_has_the_last_deadline_of_its_address(deeds: list[object]) -> None:
    gate, last, where = Gate(), {}, {a: n for n, a in enumerate(ADDRESSES)}
    with select.epoll() as poll:
        slots = Slots(poll)
        slots.adopt(gate.file, where)
        for deed in deeds:
            if isinstance(deed, tuple):
                slots.open_until(tuple(deed[0]), deed[1])
                last |= dict.fromkeys(deed[0], deed[1])
            elif isinstance(deed, dict) and len(set(deed.values())) == len(deed):
                where = deed
                slots.assign(where)
            for address, slot in where.items():
                if address in last:
                    assert gate.seconds(slot) == [last[address]]
    os.close(gate.file)
