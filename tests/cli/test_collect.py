"""``hwagent collect``, ``capture`` and ``replay``: one look without a daemon."""

import tarfile

import pytest

from hwagent.testing.server import Server
from tests.cli.conftest import PARTS
from tests.cli.running import cli

DISK = "disk:wwn-0x5000c500a1b20000"


@pytest.fixture
def server(tmp_path):
    return Server.build(tmp_path / "host", **PARTS)


def collect(server, *more):
    return cli("collect", "--root", str(server.tree.path), *more)


def test_a_healthy_host_has_the_fixed_shape_and_exit_status_0(server):
    done = collect(server, "-o", "json")
    assert (done.code, done.err) == (0, "")
    assert list(done.json) == ["components", "alerts"]
    assert {c["kind"] for c in done.json["components"]} >= {"disk", "array", "nic", "psu", "host"}
    assert {c["health"] for c in done.json["components"]} == {"ok"}
    assert done.json["alerts"] == []


def test_time_that_a_rule_waits_counts_as_served(server):
    server.set("nic:eno1", carrier=False)
    done = collect(server, "-o", "json")
    assert done.code == 2
    (alert,) = done.json["alerts"]
    assert (alert["rule"], alert["state"]) == ("NicDown", "firing")
    assert "critical  NicDown" in collect(server).out


def test_what_cannot_be_read_is_unknown(server):
    disk = server.tree.path / "sys/block/sda/size"
    disk.unlink()
    disk.mkdir()
    done = collect(server, "-o", "json")
    assert done.code == 3
    (unknown,) = [c for c in done.json["components"] if c["health"] == "unknown"]
    assert unknown["id"] == DISK
    assert "size" in unknown["reason"]


def test_a_configuration_can_switch_rules_off(server, tmp_path):
    server.set("psu:PSU2", online=False)
    assert collect(server).code == 2
    (tmp_path / "hwagent.yaml").write_text("rules: {disabled: [PsuOffline]}\n")
    done = collect(server, "-c", str(tmp_path / "hwagent.yaml"), "-o", "json")
    assert "PsuOffline" not in {a["rule"] for a in done.json["alerts"]}


def test_a_bad_configuration_is_told_with_its_place(server, tmp_path):
    (tmp_path / "hwagent.yaml").write_text("mode: observe\nrulez: {}\n")
    done = collect(server, "-c", str(tmp_path / "hwagent.yaml"))
    assert done.code == 3
    assert "hwagent.yaml:2:1" in done.err
    assert "did you mean 'rules'?" in done.err


def test_an_empty_tree_is_no_host_that_is_ok(tmp_path):
    for arguments in (("--root", str(tmp_path)), ("--root", str(tmp_path / "nothing"))):
        done = cli("collect", *arguments, "-o", "json")
        assert (done.code, done.json["components"]) == (3, [])
        assert "no hardware found" in cli("collect", *arguments).out


def test_a_capture_replays_as_the_host_was_judged(server, tmp_path):
    server.set("psu:PSU2", online=False)
    seen = collect(server, "-o", "json").json
    file = tmp_path / "host.tar.gz"
    done = cli("capture", str(file), "--root", str(server.tree.path), "--no-redact", "-o", "json")
    assert done.code == 0
    assert done.json["problems"] == []
    assert done.json["files"] > 50
    again = cli("replay", str(file), "-o", "json")
    assert again.code == 2
    judged = {c["id"]: c["health"] for c in again.json["components"]}
    assert judged == {c["id"]: c["health"] for c in seen["components"]}
    assert [a["rule"] for a in again.json["alerts"]] == [a["rule"] for a in seen["alerts"]]
    assert "psu:PSU2" in cli("replay", str(file)).out


def test_a_capture_holds_no_serial_numbers(server, tmp_path):
    file = tmp_path / "host.tar.gz"
    done = cli("capture", str(file), "--root", str(server.tree.path))
    assert done.code == 0
    assert str(file) in done.out
    with tarfile.open(file) as tar:
        content = b"".join(tar.extractfile(m).read() for m in tar if m.isfile())
    assert b"SIM00000" not in content
    assert cli("replay", str(file)).code == 0


def test_this_very_host_is_looked_at_by_workers():
    told = cli("collect", "-o", "json")
    kinds = {component["kind"] for component in told.json["components"]}
    assert {"host", "filesystem"} <= kinds
    assert not any("unknown: " in c["reason"] for c in told.json["components"]), "unknown jobs"
