"""The host as a whole, from /proc of a simulated or captured host and of this one."""

import errno
import os
from pathlib import Path

import pytest

from hwagent.collect import root
from hwagent.collect.host import COLLECTOR
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.server import Server

_CORPORA = Path(__file__).parents[3] / "shared/corpora"


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server.build(
        tmp_path / "host",
        name="h1",
        load={"load": 3.5, "cpus": 4, "memory": 2**34, "available": 2**32, "oom_kills": 2,
              "pressure_io": 12.5},
    )  # fmt: skip


def look(server: Server) -> Sample:
    (sample,) = COLLECTOR().collect(Root(server.tree.path), "")
    return sample


def test_a_host(server: Server) -> None:
    sample = look(server)
    assert sample.id == "host:h1"
    assert (sample.problems, sample.unreadable) == ({}, "")
    wanted = {
        "load1": 3.5,
        "cpus": 4,
        "memory_total_bytes": 2**34,
        "memory_available_ratio": 0.25,
        "oom_kills": 2,
        "pressure_io_full_ratio": 0.125,
        "uptime_seconds": 864000.0,
        "boot_time_seconds": 1700000000,
        "blocked_tasks": 0,
    }
    assert {name: sample.metrics.get(name) for name in wanted} == wanted


def test_the_clock_of_a_capture_is_not_the_clock_of_this_host(server: Server) -> None:
    assert "clock_synchronised" not in look(server).metrics


def test_damaged_packets_are_counted_where_the_kernel_tells_them(server: Server) -> None:
    assert "damaged_packets" not in look(server).metrics
    server.tree.write("proc/net/snmp", "Udp: InErrors InCsumErrors\nUdp: 9 7\n")
    assert look(server).metrics["damaged_packets"] == 7


def test_segments_sent_again_are_counted(server: Server) -> None:
    server.tree.write("proc/net/snmp", "Tcp: MaxConn OutSegs RetransSegs\nTcp: -1 900 7\n")
    metrics = look(server).metrics
    assert (metrics["tcp_segments_sent"], metrics["tcp_segments_retransmitted"]) == (900, 7)


def test_bits_of_a_tainted_kernel(server: Server) -> None:
    server.tree.write("proc/sys/kernel/tainted", str(1 << 4 | 1 << 14 | 1))
    metrics = look(server).metrics
    names = ("machine_check", "kernel_oops", "soft_lockup")
    assert [metrics[name] for name in names] == [1, 0, 1]


def test_file_handles_and_hung_tasks(server: Server) -> None:
    server.tree.write("proc/sys/fs/file-nr", "1000\t0\t9223372036854775807")
    server.tree.write("proc/sys/kernel/hung_task_detect_count", "3")
    metrics = look(server).metrics
    assert (metrics["file_handles"], metrics["hung_tasks"]) == (1000, 3)
    assert metrics["file_handles_max"] == 2**63 - 1


@pytest.mark.parametrize("online", ["0-3,8", "0,1,2,3,8"])
def test_cpus_that_are_online(server: Server, online: str) -> None:
    server.tree.write("sys/devices/system/cpu/online", online)
    assert look(server).metrics["cpus"] == 5


@pytest.mark.parametrize("online", ["", "x-y", "8-0", "0-99999999999999"])
def test_an_absurd_list_of_cpus_is_no_number(server: Server, online: str) -> None:
    server.tree.write("sys/devices/system/cpu/online", online)
    assert "cpus" not in look(server).metrics


def test_broken_memory_is_counted(server: Server) -> None:
    text = server.tree.read("proc/meminfo")
    server.tree.write("proc/meminfo", f"{text}\nHardwareCorrupted:     4 kB\n")
    assert look(server).metrics["hardware_corrupted_bytes"] == 4096


@pytest.mark.parametrize(
    ("file", "metric"),
    [
        ("loadavg", "load1"),
        ("uptime", "uptime_seconds"),
        ("pressure/io", "pressure_io_some_ratio"),
        ("sys/fs/file-nr", "file_handles"),
        ("sys/kernel/tainted", "kernel_oops"),
    ],
)
def test_damage_is_a_problem_of_its_metric_only(server: Server, file: str, metric: str) -> None:
    server.tree.write(f"proc/{file}", "\x00\x01 damaged 99999999999999999999999999")
    sample = look(server)
    assert metric in sample.problems
    assert metric not in sample.metrics
    assert sample.metrics["memory_total_bytes"] == 2**34


def test_damaged_numbers_of_memory_are_problems(server: Server) -> None:
    server.tree.write("proc/meminfo", "MemTotal: many kB\nMemAvailable: -5 kB\n")
    sample = look(server)
    assert sample.problems.keys() >= {"memory_total_bytes", "memory_available_bytes"}


def test_a_kernel_that_was_booted_without_pressure_information(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = root._read_all

    def refusing(fd: int) -> bytes:
        if "/proc/pressure/" in os.readlink(f"/proc/self/fd/{fd}"):
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return read(fd)

    monkeypatch.setattr(root, "_read_all", refusing)
    sample = look(server)
    assert not sample.problems
    assert "pressure_io_full_ratio" not in sample.metrics


def test_a_kernel_without_pressure_information(server: Server) -> None:
    server.tree.remove("proc/pressure")
    sample = look(server)
    assert sample.problems == {}
    assert "pressure_io_full_ratio" not in sample.metrics


def test_a_tree_without_proc_is_no_host(tmp_path: Path) -> None:
    assert COLLECTOR().collect(Root(tmp_path), "") == []


def test_it_says_what_machine_it_is(server: Server) -> None:
    names = {"sys_vendor": "Dell Inc.", "product_name": "R6515", "bios_version": "2.2.4"}
    server.tree.fill("sys/class/dmi/id", dict(names))
    told = look(server).attributes
    assert (told["vendor"], told["product"], told["bios_version"]) == tuple(names.values())
    assert "serial" not in told  # root alone may read it


def test_this_host() -> None:
    (sample,) = COLLECTOR().collect(Root("/"), "")
    assert sample.unreadable == ""
    assert int(sample.metrics["memory_total_bytes"]) > 0
    assert "clock_synchronised" in sample.metrics or "clock_synchronised" in sample.problems


def test_a_captured_proc(tmp_path: Path) -> None:
    proc = _CORPORA / "node_exporter-proc"
    if not proc.exists():
        pytest.skip("../shared/corpora is absent")
    (tmp_path / "proc").symlink_to(proc)
    (sample,) = COLLECTOR().collect(Root(tmp_path), "")
    assert sample.metrics["load15"] == 0.39
    assert sample.metrics["memory_total_bytes"] == 3742148 * 1024
