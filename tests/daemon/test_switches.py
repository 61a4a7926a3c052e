"""The agent's side of switches: what the poller's process tells becomes components, its end too."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from hwagent.config import Config
from hwagent.config.switches import Switch
from hwagent.daemon.around import around
from hwagent.daemon.fitness import fitness
from hwagent.daemon.sharing import Watcher, decide
from hwagent.daemon.switches import Switches
from hwagent.model import Alert, AlertState, Mode, Sample, Severity
from tests.loop import in_loop, until

#: Stands for the poller: tells one poll of each switch, then what the test wants.
POLLER = """
import sys
from hwagent.helper.protocol import LENGTH
from hwagent.model import Sample
from hwagent.snmp.messages import Polled, sent, to_poller
size = int.from_bytes(sys.stdin.buffer.read(LENGTH))
for switch in to_poller.decode(sys.stdin.buffer.read(size)).switches:
    part = Sample(id=f"port:{switch.name}/1", kind="port", metrics={"carrier": 1})
    here = switch.address != "192.0.2.9"
    told = Polled(switch.name, here, [part] if here else [], "" if here else "no answer")
    sys.stdout.buffer.write(sent(told))
    sys.stdout.flush()
"""
STAYS = POLLER + "sys.stdin.buffer.read()\n"


class Heard:
    """What the agent would be told."""

    def __init__(self) -> None:
        self.samples: dict[str, Sample] = {}
        self.failures: dict[tuple[str, str], str] = {}
        self.gone: list[tuple[str, str]] = []
        self.withdrawn: list[tuple[str, str]] = []
        self.members: list[tuple[str, bool, dict[str, Any]]] = []
        self.changes = 0

    def others(self) -> list[tuple[str, bool, dict[str, Any]]]:
        return self.members

    def changed(self) -> None:
        self.changes += 1

    def found(self, job: tuple[str, str], samples: list[Sample]) -> None:
        self.samples.update({s.id: s for s in samples})

    def failed(self, job: tuple[str, str], why: str, stuck: bool) -> None:
        self.failures[job] = why

    def switches(self, script: str) -> Switches:
        command = [sys.executable, "-c", script]
        withdrawn = self.withdrawn.append
        return Switches(self.found, self.failed, self.gone.append, withdrawn, "h1", self, command)


def config(*addresses: str) -> Config:
    switches = [
        Switch(name=f"sw{n}", address=address, community_file="/nowhere")
        for n, address in enumerate(addresses, 1)
    ]
    return Config(switches=switches, mode=Mode.ACT)


@in_loop
async def test_polls_become_components() -> None:
    heard = Heard()
    switches = heard.switches(STAYS)
    switches.configure(config("192.0.2.1", "192.0.2.9"))
    running = asyncio.create_task(switches.run())
    await until(lambda: len(heard.samples) == 3)
    assert heard.samples["port:sw1/1"].metrics == {"carrier": 1}
    assert heard.samples["switch:sw1"].metrics["reachable"] == 1
    assert heard.samples["switch:sw2"].metrics["reachable"] == 0
    assert heard.failures == {("switch", "sw2"): "no answer"}
    switches.configure(config("192.0.2.1"))
    assert heard.gone == [("switch", "sw2"), ("switch", "sw2/answer")]
    heard.samples.clear()
    await until(lambda: "port:sw1/1" in heard.samples)  # started again, with one switch
    running.cancel()
    await asyncio.wait([running])


@in_loop
async def test_the_end_of_the_process_makes_parts_unknown() -> None:
    heard = Heard()
    switches = heard.switches(POLLER)
    switches.configure(config("192.0.2.1"))
    running = asyncio.create_task(switches.run())
    await until(lambda: ("switch", "sw1") in heard.failures)
    assert "ended" in heard.failures["switch", "sw1"]
    running.cancel()
    await asyncio.wait([running])


@in_loop
async def test_without_switches_no_process_is_started(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    switches = Heard().switches(f"open({str(mark)!r}, 'w')")
    switches.configure(Config())
    running = asyncio.create_task(switches.run())
    await asyncio.sleep(0)
    switches.configure(config("192.0.2.1"))
    await until(mark.exists)
    running.cancel()
    await asyncio.wait([running])


@in_loop
async def test_another_host_takes_a_switch_over_and_gives_it_back() -> None:
    heard = Heard()
    switches = heard.switches(STAYS)
    switches.configure(config("192.0.2.1"))
    running = [asyncio.create_task(w()) for w in (switches.run, switches.follow)]
    await until(lambda: "port:sw1/1" in heard.samples)
    assert heard.samples["switch:sw1"].metrics["polled_here"] == 1
    # h2 is higher for sw1 by rendezvous hashing than h1, or h3 is; one that is not changes nothing
    other = next(
        n for n in HOSTS if decide("h1", "sw1", [H1, Watcher(n, True, "?")]).role != "poll"
    )
    heard.members = [(other, True, {"watch:sw1": "192.0.2.1:161 yes 0"})]
    switches.heard()
    await until(lambda: heard.withdrawn == [("switch", "sw1")])
    assert heard.samples["switch:sw1"].attributes["polled_by"] == other
    assert heard.samples["switch:sw1"].metrics["polled_here"] == 0
    assert heard.samples["switch:sw1"].metrics["reachable"] == 1
    heard.members = [(other, False, {"watch:sw1": "192.0.2.1:161 yes 0"})]
    switches.heard()
    await until(lambda: heard.samples["switch:sw1"].metrics["polled_here"] == 1)
    assert "reachable" not in heard.samples["switch:sw1"].metrics  # until it was asked
    for task in running:
        task.cancel()
    await asyncio.wait(running)


HOSTS = tuple(f"h{n}" for n in range(2, 40))
H1 = Watcher("h1", True, "yes")


def alert(component: str, **more: Any) -> Alert:
    return Alert(
        rule="TemperatureCritical",
        component=component,
        kind="temperature",
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        since=0.0,
        **more,
    )


def test_a_hot_switch_makes_no_host_unfit() -> None:
    configured = config("192.0.2.1")
    assert not fitness(configured, [alert("sensor:coretemp/temp1")]).fit
    assert fitness(configured, [alert("sensor:sw1/inlet")]).fit
    of_switch = around(configured)
    assert of_switch("switch:sw1")
    assert of_switch("port:sw1/Gi1/0/1")
    assert not of_switch("nic:sw1x")
