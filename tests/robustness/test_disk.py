"""A disk that is full or read-only and a damaged journal: the agent runs on, and says so."""

import pytest

from hwagent.testing.server import Server
from tests.agents import RunningAgent
from tests.waiting import wait_for

#: Runs the agent where its state directory is a file system of its own, which nobody else sees.
_MOUNTED = 'mount -t tmpfs -o {options} tmpfs "$0" && {then}exec "$@"'


def inside(state, options, then=""):
    script = _MOUNTED.format(options=options, then=then)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(state)]


@pytest.fixture
def server(tmp_path):
    return Server.build(tmp_path / "host", name="sim", nics=[{"name": "eno1"}])


def still_works(agent, server):
    """It judges and answers all the same."""
    server.set("nic:eno1", carrier=False)
    agent.wait_alert("NicDown")
    assert agent.cli("maintenance", "on", "--reason", "new disk").returncode == 0
    assert agent.status()["maintenance"] == "new disk"


def problem(agent, *words):
    """Waits until the status names a problem with all these words."""

    def found():
        return [p for p in agent.status()["problems"] if all(w in p for w in words)]

    return wait_for(found, 60, lambda: f"{words}: {agent.status()['problems']}")


@pytest.mark.root
@pytest.mark.parametrize(
    ("options", "then", "why"),
    [
        ("size=64k", "", "full"),
        ("size=1m", 'mount -o remount,ro "$0" && ', "unable to open database file"),
    ],
)
def test_it_runs_on_without_a_disk_to_write_to(tmp_path, server, options, then, why):
    state = tmp_path / "agent" / "lib"
    state.mkdir(parents=True)
    prefix = inside(state, options, then)
    with RunningAgent(tmp_path / "agent", server, prefix=prefix) as agent:
        problem(agent, "journal", why)
        still_works(agent, server)
        if then:
            problem(agent, "does not outlive us", "Read-only file system")


def test_it_runs_on_with_a_damaged_journal_and_begins_a_new_one(tmp_path, server):
    state = tmp_path / "agent" / "lib"
    state.mkdir(parents=True)
    (state / "journal.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    (state / "memory.json").write_text("{")
    with RunningAgent(tmp_path / "agent", server) as agent:
        problem(agent, "damaged", "journal.db.broken-1")
        problem(agent, "silences and acknowledgements are lost")
        still_works(agent, server)
        records = "/v1/history?component=nic:eno1"
        wait_for(lambda: agent.get(records)["records"], 60, "the new journal")
        assert (state / "journal.db.broken-1").exists()


def test_it_runs_on_where_there_is_no_place_for_a_journal(tmp_path, server):
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "lib").write_text("not a directory")
    with RunningAgent(tmp_path / "agent", server) as agent:
        problem(agent, "journal")
        still_works(agent, server)
