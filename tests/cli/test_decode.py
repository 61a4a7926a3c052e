"""``hwagent decode``: captured files give components; a bad one is unknown, never a traceback."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.registry import DECODERS
from tests.cli.running import argv, cli

CORPORA = Path(__file__).parents[3] / "shared/corpora"
#: Folder of the corpus, and the kinds of file in it.
FOLDERS = {
    "mdstat": ("mdstat",),
    "mdadm-detail": ("mdadm-detail",),
    "smartctl": ("smartctl", "smartctl-scan"),
    "nvme-cli": ("nvme-smart-log", "nvme-list"),
    "ethtool": ("ethtool", "ethtool-module"),
}
SHAPE = ["id", "kind", "health", "reason", "attributes", "metrics"]
MDSTAT = "Personalities : [raid1]\nmd0 : active raid1 sda1[0] sdb1[1]\n      8 blocks [2/{}]\n"
EXIT = {"ok": 0, "degraded": 1, "failed": 2, "unknown": 3}
ORDER = ("ok", "unknown", "degraded", "failed")


def captures() -> list[tuple[str, Path]]:
    """Kind and file of everything in the corpus that we decode; none where it is not there."""
    found = ((kind, CORPORA / folder) for folder, kinds in FOLDERS.items() for kind in kinds)
    return [
        (kind, file) for kind, place in found if place.is_dir() for file in sorted(place.iterdir())
    ]


@pytest.mark.parametrize(("kind", "file"), captures(), ids=lambda v: getattr(v, "name", v))
def test_every_capture_gives_the_fixed_shape(kind, file):
    done = cli("decode", kind, str(file), "-o", "json")
    assert done.err == ""
    look = done.json
    assert list(look) == ["components", "alerts"]
    assert all(list(c) == SHAPE for c in look["components"])
    worst = max((c["health"] for c in look["components"]), key=ORDER.index, default="ok")
    assert done.code == EXIT[worst]
    assert all(c["reason"] for c in look["components"] if c["health"] != "ok")


@pytest.mark.parametrize("kind", sorted(DECODERS))
@pytest.mark.parametrize("content", [b"", b"nonsense", b"{}", b"[1", b"\0\xff\xfe", b"\n" * 5000])
def test_a_malformed_file_is_unknown_with_the_reason(tmp_path, kind, content):
    file = tmp_path / "file"
    file.write_bytes(content)
    done = cli("decode", kind, str(file), "-o", "json")
    assert (done.code, done.err) == (3, "")
    assert {c["health"] for c in done.json["components"]} == {"unknown"}
    assert all(c["reason"] for c in done.json["components"])
    assert done.json["alerts"] == []


@pytest.mark.parametrize("kind", sorted(DECODERS))
@pytest.mark.parametrize(("file", "why"), [("/nonexistent", "No such file"), ("/", "directory")])
def test_a_file_that_cannot_be_read_is_unknown_with_the_reason(kind, file, why):
    done = cli("decode", kind, file, "-o", "json")
    assert (done.code, done.err) == (3, "")
    (component,) = done.json["components"]
    assert component["health"] == "unknown"
    assert why in component["reason"]
    assert file in component["reason"]
    assert why in cli("decode", kind, file).out


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(sorted(DECODERS)), data=st.binary(max_size=300))
def test_random_bytes_end_in_a_component_not_in_a_traceback(tmp_path_factory, kind, data):
    file = tmp_path_factory.getbasetemp() / "random"
    file.write_bytes(data)
    done = cli("decode", kind, str(file), "-o", "json")
    assert done.code in (0, 1, 2, 3)
    assert "components" in done.json


def test_a_degraded_array_fails_with_exit_status_2_and_names_the_rule(tmp_path):
    file = tmp_path / "mdstat"
    file.write_text(MDSTAT.format("1] [U_"))
    done = cli("decode", "mdstat", str(file))
    assert done.code == 2
    assert "ArrayDegraded" in done.out
    alerts = cli("decode", "mdstat", str(file), "-o", "json").json["alerts"]
    assert [(a["rule"], a["state"]) for a in alerts] == [("ArrayDegraded", "firing")]


@pytest.mark.parametrize(
    ("kind", "listing"),
    [
        ("smartctl-scan", '{"devices": [{"name": "/dev/sda", "type": "scsi"}]}'),
        ("smartctl", '{"devices": [{"name": "/dev/sda", "type": "scsi"}]}'),
        ("nvme-list", '{"Devices": [{"DevicePath": "/dev/sda", "SerialNumber": "S1"}]}'),
    ],
)
def test_a_disk_that_is_only_listed_is_unknown(tmp_path, kind, listing):
    file = tmp_path / "listing"
    file.write_text(listing)
    done = cli("decode", kind, str(file), "-o", "json")
    assert done.code == 3
    [component] = done.json["components"]
    assert (component["id"], component["health"]) == ("disk:sda", "unknown")
    assert "only listed" in component["reason"]
    assert component["attributes"]["device"] == "/dev/sda"


def test_standard_input_is_read(tmp_path):
    done = subprocess.run(
        argv("decode", "mdstat", "-"), input=MDSTAT.format("2] [UU"), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "array:md0  ok" in done.stdout
