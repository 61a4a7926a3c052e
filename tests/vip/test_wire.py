"""What comes to a group's socket and is no packet of a voter is counted and goes no further."""

import select
import socket
from collections.abc import Iterator

import pytest

from hwagent.seal.channel import Channel
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import POLICIES, Sealer
from hwagent.vip.wire import Wire
from tests.waiting import wait_for

HERE, THERE = "127.0.6.1", "127.0.6.2"


def channel() -> Channel:
    return Channel(0.0, Sealer(Keyring(()), "", POLICIES["none"]), lambda: 7)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HERE, 0))
        port = probe.getsockname()[1]
    made = Wire((HERE,), port, channel(), select.epoll())
    made.meet({"h1": (HERE,), "h2": (THERE,)})
    yield made
    made.close()


def test_what_makes_no_sense_is_counted_over_a_change_of_keys_too(wire: Wire) -> None:
    (number,) = wire._by_number
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((THERE, 0))
        for count in (1, 2):
            other.sendto(b"nonsense", (HERE, wire._port))

            def heard(count: int = count) -> bool:
                assert list(wire.receive(number)) == []
                return wire.dropped().total() == count

            wait_for(heard, 60, lambda: f"counted: {wire.dropped()}")
            wire.rekey(channel())
