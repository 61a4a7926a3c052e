"""What people tell the running agent, from ack to config reload."""

import json
import re
import signal

import pytest

from tests.cli.running import cli, terminal
from tests.respond.notify.http_server import serving
from tests.waiting import wait_for

PSU = "psu:PSU2"


@pytest.fixture
def lost(agent):
    """The agent with PSU2 off; it stays off, for what comes and goes too often is flapping."""
    agent.server.set(PSU, online=False)
    agent.wait_alert("PsuOffline")
    return agent


def tell(agent, *arguments):
    """A command that must work; its JSON."""
    done = cli(*arguments, "-o", "json", socket=agent.socket)
    assert done.code == 0, done.err
    return done.json


def tell_status(agent):
    """The status, whatever its exit status."""
    return cli("status", "-o", "json", socket=agent.socket).json


def test_what_is_silenced_is_said_to_be(lost):
    (silence,) = tell(lost, "silence", "psu:*", "--rule", "Psu*")["silences"]
    assert re.search(r"PsuOffline, for \w+, silenced", cli("status", socket=lost.socket).out)
    (quiet,) = tell_status(lost)["quiet"]
    assert quiet == {"rule": "PsuOffline", "component": PSU, "why": "silenced"}
    tell(lost, "silence", "--remove", silence["id"])
    assert tell_status(lost)["quiet"] == []


def test_an_alert_is_acknowledged_and_only_one_that_there_is(lost):
    assert tell(lost, "ack", PSU, "--comment", "ordered") == {
        "acknowledged": [{"rule": "PsuOffline", "component": PSU}]
    }
    assert re.search(r"PsuOffline, for \w+, acknowledged", cli("status", socket=lost.socket).out)
    done = cli("ack", PSU, "PsuOffline", socket=lost.socket)
    assert done.out == f"acknowledged: PsuOffline on {PSU}\n"
    assert cli("ack", PSU, "DiskVanished", socket=lost.socket).code == 3
    done = cli("ack", "psu:PSU1", socket=lost.socket)
    assert done.code == 3
    assert "see `hwagent alerts`" in done.err


def test_silences_are_listed_and_removed_one_by_one(agent):
    (first,) = tell(agent, "silence", "disk:*", "--for", "30m", "--comment", "swap")["silences"]
    assert (first["component"], first["rule"], first["comment"]) == ("disk:*", "*", "swap")
    tell(agent, "silence", "--rule", "Nic*", "--for", "1h")
    shown = cli("silence", "--list", socket=agent.socket).out
    assert "disk:*" in shown
    assert "Nic*" in shown
    (left,) = tell(agent, "silence", "--remove", first["id"])["silences"]
    assert left["rule"] == "Nic*"
    done = cli("silence", "--remove", first["id"], socket=agent.socket)
    assert (done.code, first["id"] in done.err) == (3, True)
    assert tell(agent, "silence", "--remove", left["id"])["silences"] == []


def test_maintenance_shows_in_status_and_ends(agent):
    assert tell(agent, "maintenance", "on", "--reason", "new fans", "--for", "1h") == {
        "maintenance": "new fans"
    }
    assert "maintenance: new fans" in cli("status", socket=agent.socket).out
    done = cli("maintenance", "off", socket=agent.socket)
    assert (done.code, done.out) == (0, "maintenance: off\n")
    assert "maintenance" not in cli("status", socket=agent.socket).out


def test_an_action_by_hand_passes_the_guards(agent):
    refused = cli("do", "disk_locate", agent.server.disk("sda").id, "on=true", socket=agent.socket)
    assert refused.code == 1
    assert "mode" in refused.out
    unknown = cli("do", "disk_locat", agent.server.disk("sda").id, socket=agent.socket)
    assert unknown.code == 1
    assert "did you mean 'disk_locate'?" in unknown.out


def test_a_component_that_was_taken_out_is_forgotten(agent):
    id = agent.server.disk("sdc").id
    assert "has not vanished" in cli("forget", id, socket=agent.socket).err
    agent.server.pull("sdc")
    agent.wait_alert("DiskVanished")
    assert cli("forget", id, socket=agent.socket).out == f"forgotten: {id}\n"
    assert cli("components", id, socket=agent.socket).code == 3


def test_a_bad_configuration_leaves_the_old_one_and_says_where_it_is_wrong(agent):
    good = json.dumps(agent.config)
    (agent.place / "hwagent.yaml").write_text("mode: acting\n")
    done = cli("config", "reload", socket=agent.socket)
    assert done.code == 3
    assert "hwagent.yaml:1:7" in done.err
    assert "not in force" in cli("status", socket=agent.socket).out
    (agent.place / "hwagent.yaml").write_text(good)
    assert tell(agent, "config", "reload") == {"ok": True}
    assert "not in force" not in cli("status", socket=agent.socket).out


def test_a_test_message_goes_to_every_receiver_and_failures_are_told(agent):
    with serving() as there:
        dead = "http://127.0.0.1:9/hook"
        agent.configure(notify={"journald": False, "webhook": [{"url": there.url}, {"url": dead}]})
        tell(agent, "config", "reload")
        done = cli("notify", "test", "-o", "json", socket=agent.socket)
        assert done.code == 2
        problems = {r["receiver"]: r["problem"] for r in done.json["receivers"]}
        assert sorted(bool(p) for p in problems.values()) == [False, True]
        assert there.requests
        shown = cli("notify", "test", socket=agent.socket)
    assert "delivered" in shown.out
    assert "refused" in shown.out


def test_followed_events_begin_with_the_past_and_go_on(lost):
    wait_for(lambda: PSU in cli("history", "--type", "alert", socket=lost.socket).out)
    follow = ("events", "-f", "-n", "100", "--type", "alert")
    with terminal(200, 20, *follow, HWAGENT_SOCKET=lost.socket) as screen:
        screen.wait("firing critical PsuOffline")
        lost.server.set(PSU, online=True)
        screen.wait("resolved critical PsuOffline")
        screen.process.send_signal(signal.SIGINT)
        assert screen.ended() == 0
    past = cli("events", "-n", "100", "--type", "alert", "-o", "json", socket=lost.socket).json
    assert {e["type"] for e in past["events"]} == {"alert"}


def test_history_is_of_one_component_and_of_so_long(lost):
    wait_for(lambda: PSU in cli("history", "--type", "alert", socket=lost.socket).out)
    records = tell(lost, "history", PSU, "--since", "1h")["records"]
    assert {r["component"] for r in records} == {PSU}
    assert list(records[0]) == ["time", "type", "component", "name", "data", "id"]
    assert len(tell(lost, "history", "-n", "1")["records"]) == 1
    assert tell(lost, "history", "disk:none")["records"] == []
    assert cli("history", "disk:none", socket=lost.socket).out == "nothing recorded\n"
