"""A capture judged again gives what the host gave, without its names."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from hwagent.cli.capturing import read_everything
from hwagent.collect.capture import disguise, unpack, write_capture
from hwagent.collect.recording import RecordingRoot
from hwagent.collect.registry import collectors
from hwagent.collect.root import Root, Unreadable
from hwagent.testing.server import Server

PARTS = {
    "disks": [{"name": "sda", "serial": "ZC1234XY"}, {"name": "sdb"}, {"name": "nvme0n1"}],
    "arrays": [
        {
            "name": "md0",
            "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
        }
    ],
    "nics": [{"name": "eno1", "address": "3c:ec:ef:12:34:56"}, {"name": "eno2"}],
    "bonds": [{"name": "bond0", "legs": ["eno1", "eno2"]}],
    "psus": [{"name": "PSU1"}],
}


def look(root: Root) -> dict[str, object]:
    samples = {}
    for collector in collectors():
        for target in collector.targets(root):
            try:
                for sample in collector.collect(root, target):
                    samples[collector.name, sample.id] = (sample.metrics, sample.problems)
            except Unreadable as e:
                samples[collector.name, target] = e.why
    return samples


def capture(tmp_path: Path, key: bytes | None) -> tuple[Server, Path]:
    server = Server.build(tmp_path / "host", **PARTS)
    root = RecordingRoot(server.tree.path)
    read_everything(root, collectors())
    write_capture(root, tmp_path / "capture.tar.gz", key)
    unpack(tmp_path / "capture.tar.gz", tmp_path / "again")
    return server, tmp_path / "again"


def test_a_plain_capture_gives_the_same_samples(tmp_path):
    server, again = capture(tmp_path, None)
    assert look(Root(again)) == look(Root(server.tree.path))


def test_a_redacted_capture_gives_the_same_metrics_without_the_names(tmp_path):
    server, again = capture(tmp_path, b"key")
    before, after = look(Root(server.tree.path)), look(Root(again))
    assert sorted(repr(v) for v in before.values()) == sorted(repr(v) for v in after.values())
    packed = gzip.decompress((tmp_path / "capture.tar.gz").read_bytes())
    for secret in (b"ZC1234XY", b"3c:ec:ef:12:34:56", b"5000c500a1b2"):
        assert secret not in packed


def test_what_belongs_together_stays_together(tmp_path):
    _, again = capture(tmp_path, b"key")
    root = Root(again)
    disks = {s.id for c in collectors() if c.name in ("disk",) for s in c.collect(root, "")}
    smart = {
        s.id
        for c in collectors()
        if c.name == "smart"
        for target in c.targets(root)
        for s in c.collect(root, target)
    }
    assert len(disks) == 3
    assert smart == disks


@pytest.mark.parametrize("secret", [b"ZC1234XY", b"naa.5000c500a1b2c3d4", b"3c:ec:ef:12:34:56"])
def test_a_disguise_keeps_length_and_make(secret):
    other = disguise(secret, b"key")
    assert other != secret
    assert len(other) == len(secret)
    assert [chr(c).isalnum() for c in other] == [chr(c).isalnum() for c in secret]
    assert disguise(secret, b"key") == other
    assert disguise(secret, b"another") != other


def packed(path: Path, *entries: tuple[str, bytes, str]) -> Path:
    """A tarball of entries: name, type, and the target of a link."""
    with tarfile.open(path, "w:gz") as tar:
        for name, type, target in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = type, target
            entry.size = 1 if type == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize(
    "entries",
    [
        [("../evil", tarfile.REGTYPE, "")],
        [("/tmp/hwagent-evil", tarfile.REGTYPE, "")],
        [("a/../../evil", tarfile.REGTYPE, "")],
        [("up", tarfile.SYMTYPE, "..")],
        [("up", tarfile.SYMTYPE, "/etc")],
        [("a", tarfile.SYMTYPE, "."), ("a/up", tarfile.SYMTYPE, "../evil")],
        [("evil", tarfile.LNKTYPE, "/etc/hostname")],
        [("evil", tarfile.FIFOTYPE, "")],
        [("evil", tarfile.CHRTYPE, "")],
    ],
)
def test_a_capture_never_writes_outside_its_directory(tmp_path, entries):
    file = packed(tmp_path / "evil.tar.gz", *entries)
    with pytest.raises(tarfile.TarError):
        unpack(file, tmp_path / "x")
    assert not (tmp_path / "evil").exists()
    assert not Path("/tmp/hwagent-evil").exists()


def test_links_that_stay_inside_are_unpacked(tmp_path):
    file = packed(
        tmp_path / "good.tar.gz",
        ("./sys/devices/eno1", tarfile.DIRTYPE, ""),
        ("./sys/class/net/eno1", tarfile.SYMTYPE, "../../devices/eno1"),
        ("./sys/devices/eno1/carrier", tarfile.REGTYPE, ""),
    )
    unpack(file, tmp_path / "x")
    assert (tmp_path / "x/sys/class/net/eno1/carrier").read_text() == "x"
