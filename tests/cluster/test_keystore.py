"""What a member keeps on disk: its keys and whom it knew; and its settings."""

import base64
import os

import pytest

from hwagent.cluster.configure import labels, node_settings, profile
from hwagent.cluster.keyring import KeyProblem, Keyring
from hwagent.cluster.keystore import load_keyring, save_keyring
from hwagent.cluster.profile import LAN, WAN
from hwagent.cluster.snapshot import (
    KNOWN_MAX,
    Snapshot,
    load_snapshot,
    save_snapshot,
    take_snapshot,
)
from hwagent.cluster.transport import Bind
from hwagent.config import Config, Duration
from hwagent.config.schema import Cluster, Gossip, Network
from tests.cluster.sim import Net

A, B, C = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


@pytest.fixture
def files(tmp_path):
    return tmp_path / "cluster.key", tmp_path / "keyring.json"


def write(key_file, *keys, mode=0o600):
    key_file.write_text("# the fleet's keys\n" + "\n".join(keys) + "\n")
    key_file.chmod(mode)


def test_without_files_there_is_no_key(files):
    assert not load_keyring("", files[1])


def test_the_first_key_of_the_file_seals(files):
    write(files[0], A, B)
    assert load_keyring(str(files[0]), files[1]).texts() == (A, B)


def test_what_was_changed_while_it_ran_outlives_a_restart(files):
    write(files[0], A)
    ring = load_keyring(str(files[0]), files[1])
    ring.add(B)
    ring.use(B)
    ring.remove(A)
    save_keyring(str(files[0]), files[1], ring)
    again = load_keyring(str(files[0]), files[1])
    assert (again.texts(), again.version) == ((B,), 3)
    assert os.stat(files[1]).st_mode & 0o077 == 0


def test_a_key_file_that_was_written_since_comes_first(files):
    """Trap: consul#719, #8129, where the kept keyring beat the configuration for ever."""
    write(files[0], A)
    ring = load_keyring(str(files[0]), files[1])
    ring.add(B)
    save_keyring(str(files[0]), files[1], ring)
    write(files[0], C)
    again = load_keyring(str(files[0]), files[1])
    assert again.texts() == (C, A, B), "what was there still opens"
    assert again.version == 2
    assert load_keyring("", files[1]).texts() == (), "and without a file there is no key"


@pytest.mark.parametrize("text", ["", "abc"])
def test_a_file_without_a_key_is_refused(files, text):
    write(files[0], text)
    with pytest.raises(KeyProblem):
        load_keyring(str(files[0]), files[1])


def test_a_key_that_everybody_can_read_is_refused(files):
    write(files[0], A, mode=0o644)
    with pytest.raises(KeyProblem, match="chmod"):
        load_keyring(str(files[0]), files[1])


def test_a_kept_keyring_that_is_damaged_counts_as_none(files):
    write(files[0], A)
    files[1].write_bytes(b"{")
    assert load_keyring(str(files[0]), files[1]).texts() == (A,)


def test_members_are_remembered_the_living_first(tmp_path):
    net = Net(1)
    nodes = net.group(4)
    net.kill(nodes[1])
    assert net.until(lambda: nodes[0].states()["n1"] == "dead", 60)
    snapshot = take_snapshot(nodes[0].swim.members)
    file = tmp_path / "members.json"
    save_snapshot(file, snapshot)
    again = load_snapshot(file)
    assert again == snapshot
    hosts = [host for host, _ in again.known]
    assert hosts == [n.endpoints[0].host for n in (nodes[2], nodes[3], nodes[1])]
    assert len(again.known) <= KNOWN_MAX


def test_without_a_memory_or_with_a_damaged_one_a_member_starts_all_the_same(tmp_path):
    file = tmp_path / "members.json"
    assert load_snapshot(file) == Snapshot()
    file.write_bytes(b"\xff")
    assert load_snapshot(file) == Snapshot()


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
        Keyring([A]),
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
        Gossip(udp_buffer_size=100),
    ],
)
def test_parameters_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        profile(config(parameters=wrong))
