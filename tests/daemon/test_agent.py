"""The whole agent, all processes, on a simulated server: from reading to action to journal."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from hwagent.cli.client import request
from hwagent.testing.server import Server
from tests.agents import RunningAgent
from tests.waiting import wait_for

SPARE = {"disk": "disk:wwn-0x5000c500a1b20002", "arrays": ["md0"]}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server.build(
        tmp_path / "host",
        name="sim",
        disks=[{"name": "sda"}, {"name": "sdb"}, {"name": "sdc"}],
        arrays=[
            {
                "name": "md0",
                "size": 2_000_000_000,
                "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
            }
        ],
        nics=[{"name": "eno1"}, {"name": "eno2"}],
        psus=[{"name": "PSU1"}, {"name": "PSU2"}],
    )


@pytest.fixture
def alive(server: Server) -> Iterator[Server]:
    """A server whose time passes while the test runs."""
    end = threading.Event()

    def live() -> None:
        while not end.wait(0.05):
            server.advance(1)

    thread = threading.Thread(target=live)
    thread.start()
    yield server
    end.set()
    thread.join()


def journalled(agent: RunningAgent, type: str) -> list[str]:
    """The types of what stands in the journal about md0, once one of a type does."""
    records = agent.get("/v1/history?component=array:md0")["records"]
    types = [r["type"] for r in records]
    return types if type in types else []


def test_a_healthy_server_is_ok_everywhere(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        status = agent.status()
        assert {c["kind"] for c in status["components"]} >= {"disk", "array", "nic", "psu", "host"}
        assert status["health"] == "ok", [c for c in status["components"] if c["health"] != "ok"]
        shape = ["host", "health", "mode", "version", "components", "alerts", "vips", "members"]
        assert list(status)[:8] == shape
        assert agent.cli("status", "-x").returncode == 0
        assert agent.cli("check").stdout.startswith("HWAGENT OK: ")


def test_a_lost_psu_is_told_and_ends_when_it_comes_back(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        server.set("psu:PSU2", online=False)
        agent.wait_alert("PsuOffline")
        assert agent.cli("check").returncode in (1, 2)
        shown = agent.cli("status").stdout
        assert "psu:PSU2" in shown
        server.set("psu:PSU2", online=True)
        agent.wait_alert("PsuOffline", firing=False)

        def states() -> list[str]:
            history = agent.cli("history", "psu:PSU2", "--type", "alert", "-o", "json")
            return [r["data"]["state"] for r in json.loads(history.stdout)["records"]]

        wait_for(lambda: states()[-2:] == ["firing", "resolved"])  # the journal writes in batches


def test_a_spare_is_added_to_a_degraded_mirror_and_rebuilt(tmp_path, alive):
    with RunningAgent(tmp_path / "agent", alive, mode="act", spares=[SPARE]) as agent:
        alive.pull("sda")
        agent.wait_alert("ArrayDegraded")
        outcome = agent.wait_outcome("array_add_spare", "done")
        assert outcome["action"]["component"] == "array:md0"
        agent.wait_alert("ArrayDegraded", firing=False)
        types = wait_for(lambda: journalled(agent, "outcome"))
        assert types.index("intent") < types.index("outcome")
    assert alive.array("md0").degraded == 0


def test_observe_does_nothing_and_dry_run_says_what_it_would_do(tmp_path, alive):
    with RunningAgent(tmp_path / "agent", alive, mode="dry_run", spares=[SPARE]) as agent:
        alive.pull("sda")
        agent.wait_outcome("array_add_spare", "rehearsed")
    assert [m.device for m in alive.array("md0").members] == ["sdb1"]


def test_no_spare_means_a_refusal_with_a_reason(tmp_path, alive):
    with RunningAgent(tmp_path / "agent", alive, mode="act") as agent:
        alive.pull("sda")
        outcome = agent.wait_outcome("array_add_spare", "refused")
        assert "spare" in outcome["detail"]


def test_a_bad_configuration_leaves_the_old_one_in_force_and_says_so(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        (agent.place / "hwagent.yaml").write_text("mode: acting\n")
        code, answer = agent.post("reload")
        assert code == 422
        assert "hwagent.yaml:1:7" in answer["error"]
        status = agent.status()
        assert status["mode"] == "observe"
        assert "not in force" in status["problems"][0]
        agent.configure(mode="dry_run")
        assert agent.cli("config", "reload").returncode == 0
        assert agent.status()["mode"] == "dry_run"
        assert agent.status()["problems"] == []


def test_silences_acks_and_maintenance_outlive_the_agent(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        server.set("psu:PSU2", online=False)
        agent.wait_alert("PsuOffline")
        assert agent.cli("silence", "disk:*", "--for", "1h", "--comment", "swap").returncode == 0
        assert agent.cli("ack", "psu:PSU2").returncode == 0
        assert agent.cli("maintenance", "on", "--reason", "new fans").returncode == 0
        wait_for((agent.place / "lib" / "memory.json").exists)
        wait_for(lambda: "new fans" in (agent.place / "lib" / "memory.json").read_text())
        agent.kill()
        agent.start()
        assert agent.status()["maintenance"] == "new fans"
        assert "swap" in agent.cli("silence", "--list").stdout
        assert agent.cli("maintenance", "off").returncode == 0
        assert agent.status()["maintenance"] == ""


def test_an_unknown_command_or_argument_is_told(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        assert "did you mean 'silence'" in agent.post("silenc")[1]["error"]
        assert agent.post("ack", component="disk:none")[0] == 404
        assert agent.post("maintenance", on="yes")[0] == 400
        assert agent.cli("components", "disk:none").returncode == 3
        assert agent.cli("do", "format_disk", "disk:none").returncode in (1, 3)


def test_metrics_are_read_by_prometheus_own_parser(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        text = request(agent.socket, "GET", "/metrics")[1].decode()
        samples = {s.name for f in text_string_to_metric_families(text) for s in f.samples}
        assert {"hwagent_health", "hwagent_build_info", "hwagent_md_degraded"} <= samples
        assert {"hwagent_network_carrier", "hwagent_network_up"} <= samples


def test_a_component_that_was_taken_out_for_good_is_forgotten(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        id = server.disk("sdc").id
        assert agent.post("forget", component=id)[0] == 409
        server.pull("sdc")
        agent.wait_alert("DiskVanished")
        assert agent.cli("forget", id).returncode == 0
        assert id not in {c["id"] for c in agent.status()["components"]}


def test_no_process_is_left_after_the_agent_was_killed(tmp_path, server):
    agent = RunningAgent(tmp_path / "agent", server)
    agent.start()
    family = agent.family()
    assert len(family) > 3
    agent.kill()
    wait_for(lambda: not [p for p in family if p.is_running() and p.status() != "zombie"])


def test_a_second_agent_on_the_same_socket_says_why_it_ends(tmp_path, server):
    with RunningAgent(tmp_path / "agent", server) as agent:
        second = agent.cli(
            "run", "--root", str(server.tree.path), "--config", str(agent.place / "hwagent.yaml"),
            "--runtime-directory", str(agent.place / "run"),
            "--state-directory", str(tmp_path / "x"),
        )  # fmt: skip
        assert second.returncode == 3
        assert "another hwagent is running" in second.stderr


def test_a_dead_agent_is_unknown_to_monitoring(tmp_path, server):
    agent = RunningAgent(tmp_path / "agent", server)
    found = agent.cli("check")
    assert found.returncode == 3
    assert found.stdout.startswith("HWAGENT UNKNOWN: no agent at")
