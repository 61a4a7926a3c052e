"""Three real agents on three simulated servers: one fleet, that any of them answers for."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hwagent.testing.server import Server
from tests.agents import RunningAgent
from tests.daemon.fleets import KEYS, Fleet
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp("fleet"))
    try:
        made.add("h1", disks=[{"name": "sda"}])
        made.add("h2", psus=[{"name": "PSU1"}, {"name": "PSU2", "online": False}])
        made.add("h3", nics=[{"name": "eno1"}])
        for name in made.agents:
            made.wait(name, h1="alive", h2="alive", h3="alive")
        yield made
    finally:
        made.stop()


def rows(agent: RunningAgent) -> dict[str, Any]:
    return {m["name"]: m for m in agent.get("/v1/fleet")["members"]}


def test_any_member_answers_for_all_and_says_how_old_that_is(fleet):
    agent = fleet.agents["h3"]
    wait_for(
        lambda: rows(agent)["h2"]["health"] == "failed" and rows(agent)["h1"]["health"] == "ok"
    )
    found = rows(agent)
    assert [a["rule"] for a in found["h2"]["alerts"]] == ["PsuOffline"]
    assert "psu:PSU2" in found["h2"]["failing"]
    assert found["h3"]["age"] == 0
    assert 0 <= found["h1"]["age"] < 60
    assert found["h2"]["labels"] == {"zone": "site1/rack2"}
    shown = agent.cli("status", "--fleet")
    assert shown.returncode == 2
    lines = shown.stdout.splitlines()
    assert lines[1].split()[:3] == ["h2", "alive", "failed"], "the worst first"
    assert "PSU2" in lines[1]
    alerts = agent.cli("alerts", "--fleet", "--flat")
    assert alerts.returncode == 2
    assert alerts.stdout.splitlines()[1].split()[:3] == ["h2", "critical", "PsuOffline"]


def test_alerts_of_the_fleet_are_told_by_their_causes(fleet):
    agent = fleet.agents["h3"]
    wait_for(lambda: "PsuOffline" in agent.cli("alerts", "--fleet").stdout)
    told = agent.cli("alerts", "--fleet")
    assert told.returncode == 2
    assert told.stdout.startswith("psu:h2/PSU2  critical PsuOffline for ")
    told = json.loads(agent.cli("alerts", "--fleet", "-o", "json").stdout)
    assert [c["component"] for c in told["causes"]] == ["psu:h2/PSU2"]
    assert (told["alerts"][0]["member"], told["alerts"][0]["follows_from"]) == ("h2", "")


def test_any_member_audits_the_fleet_by_what_each_gossips_of_itself(fleet):
    agent = fleet.agents["h3"]
    known = {"host:h1", "host:h2", "host:h3", "psu:h2/PSU1", "psu:h2/PSU2", "rack:rack2"}

    def told():
        found = {c["id"]: c for c in agent.get("/v1/topology")["components"]}
        return found if known <= found.keys() else None

    found = wait_for(told)
    assert found["psu:h2/PSU2"]["state"] == "down"
    assert {"least": 1, "of": ["rack:rack2"]} in found["host:h2"]["needs"]
    audit = agent.get("/v1/audit")
    (lost,) = [one for one in audit["lost"] if one["component"] == "host:h2"]
    assert (lost["working"], lost["total"], lost["gone"]) == (1, 2, ["psu:h2/PSU2"])
    shown = agent.cli("audit", "--what-if", "psu:h2/PSU1 down")
    assert "host:h2 would stop" in shown.stdout
    assert shown.returncode == 1


def test_members_are_in_the_status_and_in_the_metrics(fleet):
    agent = fleet.agents["h1"]
    assert {m["name"] for m in agent.status()["members"]} == {"h1", "h2", "h3"}
    assert 'hwagent_members{status="alive"} 3' in agent.cli("metrics").stdout
    shown = agent.cli("members")
    assert shown.returncode == 0
    assert "h1 *" in shown.stdout
    assert "127.0.4.2:" in shown.stdout


def test_round_trip_times_are_told(fleet):
    agent = fleet.agents["h1"]
    wait_for(lambda: agent.cli("rtt", "h2").returncode == 0)
    assert "(measured)" in agent.cli("rtt", "h2").stdout
    wait_for(lambda: agent.cli("rtt", "h2", "h3").returncode == 0)
    assert "(estimated)" in agent.cli("rtt", "h2", "h3").stdout
    assert "no member 'h9'" in agent.cli("rtt", "h9").stderr


def test_keys_change_in_the_whole_fleet_and_are_kept(fleet):
    agent = fleet.agents["h1"]
    (first,) = json.loads(agent.cli("keys", "list", "-o", "json").stdout)["keys"]
    added = agent.cli("keys", "add", KEYS[1])
    assert added.returncode == 0, added.stdout + added.stderr
    assert agent.cli("keys", "use", KEYS[1]).returncode == 0
    refused = agent.cli("keys", "remove", KEYS[1])
    assert refused.returncode == 3
    assert "seals cannot be removed" in refused.stderr
    assert agent.cli("keys", "remove", first).returncode == 0
    others = [json.loads(a.cli("keys", "list", "-o", "json").stdout) for a in fleet.agents.values()]
    assert len({tuple(o["keys"]) for o in others}) == 1
    second = fleet.agents["h2"]
    second.stop()
    second.start()
    fleet.wait("h2", h1="alive", h2="alive", h3="alive")
    assert json.loads(second.cli("keys", "list", "-o", "json").stdout)["keys"] == others[0]["keys"]
    assert KEYS[1] not in second.log.read_text()
    assert KEYS[1] not in agent.cli("events", "-n", "50").stdout


def leave_and_return(fleet: Fleet, agent: RunningAgent) -> None:
    assert agent.cli("leave").returncode == 0
    fleet.wait("h1", h1="alive", h2="alive", h3="left")
    assert "no member of a fleet" in agent.cli("status", "--fleet").stderr
    joined = agent.cli("join", fleet.address("h1"))
    assert joined.returncode == 0, joined.stderr
    fleet.wait("h1", h1="alive", h2="alive", h3="alive")


def test_who_leaves_has_left_and_comes_back_by_join(fleet):
    leave_and_return(fleet, fleet.agents["h3"])
    told = fleet.agents["h1"].cli("events", "--type", "member", "-n", "100").stdout
    assert "member:h3" in told
    assert "left" in told


def test_monitor_tells_what_happens_as_it_happens(fleet):
    argv = [sys.executable, "-m", "hwagent.cli", "monitor", "-o", "json"]
    argv += ["--socket", fleet.agents["h1"].socket]
    watching = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert watching.stdout is not None
        leave_and_return(fleet, fleet.agents["h3"])
        while json.loads(watching.stdout.readline())["data"]["event"] != "returned":
            pass  # now it certainly watches
        leave_and_return(fleet, fleet.agents["h3"])
        events = [json.loads(watching.stdout.readline()) for _ in range(2)]
        assert {e["component"] for e in events} == {"member:h3"}
        assert [e["data"]["event"] for e in events] == ["left", "returned"]
    finally:
        watching.kill()
        watching.wait()


def test_a_killed_agent_is_found_failed_with_evidence_and_comes_back(fleet):
    agent = fleet.agents["h3"]
    agent.kill()
    fleet.wait("h1", h1="alive", h2="alive", h3="failed")
    shown = fleet.agents["h1"].cli("members")
    assert shown.returncode == 1
    assert "accused by" in shown.stdout
    assert rows(fleet.agents["h2"])["h3"]["health"] == "unknown"
    agent.start()
    fleet.wait("h1", h1="alive", h2="alive", h3="alive")


def test_an_agent_whose_network_is_not_there_says_so_and_goes_on(tmp_path):
    server = Server.build(tmp_path / "host", disks=[{"name": "sda"}])
    cluster = {"networks": [{"bind": "192.0.2.77"}], "encryption": "none"}
    with RunningAgent(tmp_path / "agent", server, cluster=cluster) as agent:
        wait_for(lambda: any("gossip does not start" in p for p in agent.status()["problems"]))
        assert agent.status()["members"] == [{"name": "sim", "status": "alive", "self": True}]
        agent.configure(cluster={"networks": [{"bind": "127.0.4.9:0"}]})
        assert agent.cli("config", "reload").returncode == 0
        wait_for(lambda: "addresses" in agent.status()["members"][0])
        assert not agent.status()["problems"]
