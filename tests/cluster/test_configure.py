"""A member's settings are what the configuration says."""

import base64
from contextlib import suppress

import pytest

from hwagent.cluster.compound import TooLarge
from hwagent.cluster.configure import BUFFER_MIN, labels, node_settings, profile
from hwagent.cluster.outbox import Outbox
from hwagent.cluster.profile import LAN, WAN
from hwagent.cluster.snapshot import Snapshot
from hwagent.cluster.status import Board
from hwagent.cluster.transport import Bind
from hwagent.config import Config, Duration
from hwagent.config.schema import Cluster, Gossip, Network
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import OVERHEAD

KEY = base64.b64encode(bytes([1]) * 32).decode()


def config(**more):
    return Config(cluster=Cluster(**more))


def test_settings_are_what_the_configuration_says():
    made = node_settings(
        config(
            networks=[
                Network(name="a", bind="192.0.2.1"),
                Network(name="b", bind="[fd00::1]:80", advertise="[fd00::2]:90"),
            ],
            seeds=["hw1"],
            zone=["s", "r"],
            labels={"role": "db"},
        ),
        "me",
        Keyring([KEY]),
        Snapshot(7, (("192.0.2.9", 7956),)),
    )
    assert made.binds == (
        Bind("a", "192.0.2.1", 7956),
        Bind("b", "fd00::1", 80, "fd00::2", 90),
    )
    assert (made.name, made.incarnation, made.seeds) == ("me", 7, ("hw1",))
    assert made.labels == {"role": "db", "zone": "s/r"}
    assert made.known == (("192.0.2.9", 7956),)


def test_single_parameters_replace_those_of_the_profile():
    assert profile(config()) == LAN
    found = profile(config(profile="wan", parameters=Gossip(probe_interval=Duration(4))))
    assert (found.probe_interval, found.gossip_nodes) == (4, WAN.gossip_nodes)
    assert labels(config()) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        Gossip(probe_timeout=Duration(2)),
        Gossip(probe_interval=Duration(0)),
        Gossip(udp_buffer_size=BUFFER_MIN - 1),
    ],
)
def test_parameters_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        profile(config(parameters=wrong))


def test_the_shortest_packet_holds_the_largest_change_of_a_status():
    room = profile(config(parameters=Gossip(udp_buffer_size=BUFFER_MIN))).udp_buffer_size - OVERHEAD
    board, out = Board("h1", 1 << 62, 0.0, own=True), Outbox(room, "h1", lambda: 1)
    taken = 0
    with suppress(TooLarge):
        for length in range(900, 1200):
            before = board.write({"text": "x" * length})
            taken = length
            for delta in board.deltas(0.0, before, room):
                out.spread("h1", delta)
    assert 1000 < taken < 1199
    assert out.oversize == 0
