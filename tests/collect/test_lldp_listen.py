"""LLDP frames heard by ourselves: what they say, and what is none of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hwagent.collect.lldp_frame import neighbour
from hwagent.collect.lldp_listen import COLLECTOR
from hwagent.model import Sample
from tests.veth import namespace
from tests.waiting import wait_for

#: As lldpd sent it; the bytes are those of a capture of its.
LLDPD = bytes.fromhex(
    "0180c200000e960886c82d2388cc020704960886c82d23040703960886c82d23060200780a02766d"
    "0c0a737769746368206f6e650e04009c008010181102fe80000000000000940886fffec82d230200"
    "0000020008057665746831fe0900120f030100000000fe0900120f0100800000360000"
)


def tlv(type: int, value: bytes) -> bytes:
    return (type << 9 | len(value)).to_bytes(2, "big") + value


def frame(*fields: bytes, tag: bytes = b"") -> bytes:
    header = bytes.fromhex("0180c200000e") + bytes(6) + tag + b"\x88\xcc"
    return header + b"".join(fields) + tlv(0, b"")


CHASSIS, PORT, TTL = tlv(1, b"\x04" + bytes(6)), tlv(2, b"\x05Ethernet1/7"), tlv(3, b"\x00\x78")


def test_a_frame_of_lldpd() -> None:
    found = neighbour(LLDPD)
    assert found["system"] == "vm"
    assert (found["port_type"], found["port"]) == ("mac", "96:08:86:c8:2d:23")
    assert found["port_description"] == "veth1"
    assert found["management"] == ["fe80::9408:86ff:fec8:2d23"]


def test_a_switch_with_the_vlan_of_its_port_and_a_tag() -> None:
    vlan, name = tlv(127, b"\x00\x80\xc2\x01\x00\x65"), tlv(5, b"sw1.example\n")
    found = neighbour(frame(CHASSIS, PORT, TTL, name, vlan, tag=b"\x81\x00\x00\x01"))
    assert (found["system"], found["port"], found["vlans"]) == (
        "sw1.example",
        "Ethernet1/7",
        ["101"],
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        frame(CHASSIS, PORT),
        frame(CHASSIS, PORT, tlv(3, b"\x00\x00")),
        frame(CHASSIS, tlv(2, b"\x05"), TTL),
        frame(CHASSIS, PORT, TTL)[:-20],
        LLDPD.replace(b"\x88\xcc", b"\x08\x00"),
    ],
    ids=["nothing", "no time to live", "farewell", "no port", "cut", "IPv4"],
)
def test_what_is_no_neighbour(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        neighbour(data)


@given(st.binary(max_size=1600).map(lambda tail: LLDPD[:14] + tail))
@example(frame(CHASSIS, PORT, TTL, tlv(8, b"")))
@example(frame(CHASSIS, tlv(2, b"\x04\x01\x7f\x00\x00"), TTL))
def test_no_frame_does_more_than_be_none(data: bytes) -> None:
    try:
        found = neighbour(data)
    except ValueError:
        return
    assert all(isinstance(v, (str, list)) for v in found.values())
    assert all(c.isprintable() for c in found["system"] + found["port"])


def test_what_was_read_with_privileges_is_understood_without() -> None:
    sample = Sample(
        id="nic:eno1",
        kind="nic",
        attributes={"name": "eno1", "bus": "pci", "frames": [LLDPD.hex(), "00" * 60]},
    )
    [found] = COLLECTOR().understand([sample])
    assert found.metrics["neighbours"] == 1
    assert found.attributes["neighbour_names"] == "vm"
    assert found.attributes["bus"] == "pci"
    assert "frames" not in found.attributes


@pytest.mark.root
@pytest.mark.skipif(shutil.which("lldpd") is None, reason="lldpd is not installed")
def test_a_real_lldpd_at_the_other_end_of_a_cable(tmp_path: Path) -> None:
    with namespace() as space:
        # not in tmp_path: lldpd gives its privileges away, and cannot enter that
        path = f"/tmp/hwagent-lldpd-{os.getpid()}"
        argv = ["lldpd", "-d", "-I", "veth1", "-u", path, "-S", "the other end"]
        with (tmp_path / "log").open("wb") as log:
            daemon = subprocess.Popen([*space.enter, *argv], stdout=log, stderr=log)
        ask = ["lldpcli", "-u", path]
        try:
            # told before it knows its card, lldpd 1.0.16 may keep to the 30 s it began with
            wait_for(lambda: b"veth1" in output(*ask, "show", "interfaces"), 60, "lldpd's card")
            subprocess.run([*ask, "configure", "lldp", "tx-interval", "1"], check=True)
            heard = wait_for(lambda: listened(space), 120, "a neighbour")
        finally:
            daemon.terminate()
            daemon.wait()
            Path(path).unlink(missing_ok=True)
    assert heard["nic:veth0"].attributes["neighbours"][0]["description"] == "the other end"


def output(*argv: str) -> bytes:
    """What it printed, whether or not it succeeded."""
    return subprocess.run(argv, capture_output=True).stdout


def listened(space: Any) -> dict[str, Sample] | None:
    """One short look inside the namespace, at one card alone."""
    code = (
        "import msgspec; from hwagent.collect import lldp_listen, lldp_socket;"
        "from hwagent.collect.root import Root;"
        "lldp_listen.listen = lambda cards: lldp_socket.listen(['veth0'], 30);"
        "c = lldp_listen.COLLECTOR();"
        "print(msgspec.json.encode(c.understand(c.collect(Root('/'), ''))).decode())"
    )
    samples = msgspec.json.decode(space.run(sys.executable, "-c", code), type=list[Sample])
    found = {sample.id: sample for sample in samples}
    return found if found["nic:veth0"].metrics["neighbours"] else None
