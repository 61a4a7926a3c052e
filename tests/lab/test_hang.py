"""A disk that answers nothing more, under a file system that is in use: who says so, and which of
the watchers hangs with it."""

import pytest

from tests.lab.agent import Agent
from tests.lab.parts import Disk
from tests.lab.peers import listen, told

HUNG = Disk("hung1")
#: Longer than Prometheus gives a target (10 s) by far.
_SCRAPE = "curl -sS -m 60 -o /dev/null -w '%{time_total}' http://127.0.0.1:9100/metrics"
_READ = "dd if=/dev/sda of=/dev/null bs=4k count=1 skip=2048 iflag=direct"
_WRITE = "dd if=/dev/zero of=/data/file bs=4k count=1 oflag=direct"


@pytest.fixture
def server(make_machine, installed):
    agent = Agent(make_machine("hang", installed, disks=(HUNG,)))
    agent.machine.sh("mkfs.ext4 -q /dev/sda && mkdir -p /data && mount /dev/sda /data")
    agent.configure(collectors={"smart": {"interval": "10s"}})
    listen(agent.machine)
    agent.machine.sh("systemctl start prometheus-node-exporter")
    return agent


def test_a_disk_that_hangs_is_told_and_hangs_nobody_who_tells(server, table):
    machine = server.machine
    machine.until(lambda: machine.run(_SCRAPE).status == 0, "node_exporter to answer")
    at = machine.now()
    machine.hang(HUNG.name)
    waiting = [machine.begin(command, 7200) for command in (_READ, _READ, _WRITE)]
    noticed = server.alert("DiskStalled", HUNG.id, at.wall)
    assert machine.get("/v1/status")["ready"]
    scraped = machine.run(_SCRAPE, 120)
    assert sum(answer.done() for answer in waiting) <= 1  # the last that was let through
    stuck = server.alerted("ProbeStuck", "", at.wall)
    hangs = server.alerted("FilesystemHangs", "", at.wall)
    table.add(
        "disk hangs: requests never end, under a mounted file system",
        [
            ("hwagent: DiskStalled, which lasts 2 min first", noticed - at.wall),
            ("hwagent: ProbeStuck (SMART)", stuck["time"] - at.wall if stuck else None),
            ("hwagent: FilesystemHangs", hangs["time"] - at.wall if hangs else None),
            ("smartd (looks every 10 s)", told(machine, "sda|hung1", at.boot)),
            ("node_exporter", f"scraped in {scraped.text} s; it judges nothing"
             if scraped.status == 0 else "it hangs: no answer in 60 s"),
        ],
        "nobody: it is told, and the agent goes on",
        "its reads and writes wait",
    )  # fmt: skip
