"""The agent's side of BMCs that tell of events: what counts when a round and an event cross."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from hwagent.collect.debounce import encode
from hwagent.collect.redfish_messages import Hearing, Look
from hwagent.config import Config, ConfigError, load_config
from hwagent.config.bmcs import Bmc, Events
from hwagent.daemon.audience import FORGIVEN, PATIENCE
from hwagent.daemon.ears import Ears
from hwagent.daemon.inventory import Job
from hwagent.model import Sample
from tests.bmc.eventful import SUBSCRIPTIONS, Eventful
from tests.bmc.simulator import free_port
from tests.loop import in_loop, until

R1 = Bmc(name="r1", address="192.0.2.1")
JOB = ("bmc", encode(R1))


def fan(rpm: int) -> Sample:
    return Sample(id="fan:r1/F", kind="fan", attributes={"name": "F"}, metrics={"rpm": rpm})


def own() -> Sample:
    return Sample(id="bmc:r1", kind="bmc", attributes={"name": "r1"}, metrics={"documents": 3})


class Agent:
    """What the ears would tell."""

    def __init__(self, command: list[str] | None = None, name: str = "h1") -> None:
        self.name, self.alive, self.time = name, True, 0.0
        self.hurried: list[Job] = []
        self.running: set[Job] = set()
        self.found: dict[str, Sample] = {}
        more = {} if command is None else {"command": command}
        hurry = lambda collector, target: self.hurried.append((collector, target))  # noqa: E731
        now = lambda: self.time  # noqa: E731
        self.members: list[tuple[str, bool, dict[str, Any]]] = []
        self.ears = Ears(hurry, self.running.__contains__, self.take, name, self, now=now, **more)

    def others(self) -> list[tuple[str, bool, dict[str, Any]]]:
        """The other members."""
        return self.members

    def changed(self) -> None:
        """Gossip would carry it."""

    def take(self, job: Job, samples: list[Sample]) -> None:
        self.found = {s.id: s for s in samples}

    def seen(self, *samples: Sample) -> dict[str, Sample]:
        """A round came back: what counts."""
        self.take(JOB, self.ears.seen(JOB, list(samples)))
        return self.found


def agent(*bmcs: Bmc) -> Agent:
    made = Agent()
    made.ears.configure(Config(bmcs=list(bmcs or (R1,))))
    return made


def test_what_an_event_named_counts_at_once_and_all_is_looked_at() -> None:
    here = agent()
    here.seen(own(), fan(2000))
    here.ears._take(Look("r1", [fan(0)]))
    assert here.found["fan:r1/F"].metrics["rpm"] == 0
    assert here.found["bmc:r1"].metrics["documents"] == 3
    assert here.hurried == [JOB]
    assert here.seen(own(), fan(1000))["fan:r1/F"].metrics["rpm"] == 1000


def test_a_round_that_began_before_does_not_undo_it_and_the_next_one_counts() -> None:
    here = agent()
    here.seen(own(), fan(2000))
    here.running.add(JOB)
    here.ears._take(Look("r1", [fan(0)]))
    assert here.seen(own(), fan(2000))["fan:r1/F"].metrics["rpm"] == 0
    assert here.seen(own(), fan(2000))["fan:r1/F"].metrics["rpm"] == 2000


def test_while_a_bmc_cannot_be_read_an_event_makes_nothing_known() -> None:
    here = agent()
    here.ears._take(Look("r1", [fan(0)]))
    here.seen(own(), fan(2000))
    here.ears.failed(JOB)
    here.found.clear()
    here.ears._take(Look("r1", [fan(0)]))
    here.ears._take(Hearing("r1", "stream"))
    assert here.found == {}
    assert here.hurried == [JOB, JOB], "it is looked at all the same"


def test_how_it_is_heard_is_said_of_it() -> None:
    here = agent()
    assert "events" not in here.seen(own())["bmc:r1"].metrics
    here.ears._take(Hearing("r1", "broken", "HTTP 503"))
    said = here.found["bmc:r1"]
    assert (said.metrics["events"], said.attributes["events_problem"]) == ("broken", "HTTP 503")
    here.ears._take(Hearing("r1", "stream", events=4, heard=1.0))
    said = here.seen(own())["bmc:r1"]
    assert (said.metrics["events"], said.metrics["events_heard"]) == ("stream", 4)
    assert "events_problem" not in said.attributes
    text = "".join(here.ears.metrics())
    assert 'hwagent_bmc_events_total{bmc="r1"} 4' in text
    assert "hwagent_bmc_stream_silent_seconds" in text


def test_others_are_none_of_ours() -> None:
    here = agent(
        Bmc(name="i1", address="h", protocol="ipmi"), Bmc(name="q1", address="h", events=False)
    )
    assert "".join(here.ears.metrics()) == ""
    assert here.ears.seen(JOB, [own()]) == [own()]
    here.ears._take(Look("nobody", [fan(0)]))
    assert here.hurried == []


@in_loop
async def test_the_end_of_the_process_is_said_and_it_is_started_again(tmp_path: Path) -> None:
    script = f"import sys; sys.stdin.readline(); open({str(tmp_path / 'n')!r}, 'a').write('x')"
    here = Agent([sys.executable, "-c", script])
    here.ears.configure(Config(bmcs=[R1]))
    here.seen(own())
    running = asyncio.create_task(here.ears.run())
    await until(lambda: here.found["bmc:r1"].metrics.get("events") == "broken")
    assert "process" in here.found["bmc:r1"].attributes["events_problem"]
    await until(lambda: (tmp_path / "n").read_text() == "xx")
    running.cancel()
    await asyncio.wait([running])


@in_loop
async def test_without_bmcs_to_hear_no_process_is_started(tmp_path: Path) -> None:
    here = Agent([sys.executable, "-c", f"open({str(tmp_path / 'n')!r}, 'w')"])
    here.ears.configure(Config(bmcs=[Bmc(name="q1", address="h", events=False)]))
    running = asyncio.create_task(here.ears.run())
    await asyncio.sleep(0)
    assert not (tmp_path / "n").exists()
    here.ears.configure(Config(bmcs=[R1]))
    await until(lambda: here.ears._hearing, "it has ended")
    assert (tmp_path / "n").exists()
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("end", ["input", "SIGTERM"])
def test_the_process_takes_its_subscriptions_back_however_it_ends(end: str) -> None:
    @in_loop
    async def run() -> None:
        server = Eventful(stream=False, pushes=True)
        bmc = Bmc(name="r1", address="127.0.0.1", port=server.port, tls="off")
        here = Agent()
        here.ears.configure(Config(bmcs=[bmc], events=Events(bind=f"127.0.0.1:{free_port(1)}")))
        running = asyncio.create_task(here.ears.run())
        await until(lambda: len(server.subscriptions) == 1)
        if end == "SIGTERM":  # as systemd sends to all of a unit
            for child in psutil.Process().children():
                child.terminate()
        else:
            running.cancel()
        await until(lambda: "DELETE" in {method for method, _ in server.asked})
        await until(lambda: f"{SUBSCRIPTIONS}/1" not in server.subscriptions)
        running.cancel()
        await asyncio.wait([running])
        server.close()

    run()


@pytest.mark.parametrize(
    ("text", "what", "path"),
    [
        ("events: {bind: 8080}", "Expected 'str', got 'int'", "events.bind"),
        ("events: {bind: 'here'}", "expected address:port", "events.bind"),
        ("events: {bind: 'here:80'}", "does not appear to be", "events.bind"),
        ("events: {bind: '[::]:0'}", "expected address:port", "events.bind"),
        ("events: {port: 80}", "unknown key 'port'", "events"),
        ("events: {url: 'http://h:1'}", "without 'bind'", "events.url"),
        ("events: {bind: '[::]:80', cert_file: f}", "both 'cert_file' and 'key_file'", "events"),
        ("events: {bind: '[::]:80', url: 'h:1'}", "expected a URL", "events.url"),
        ("events: {bind: '[::]:80', url: 'http://h/x'}", "expected a URL", "events.url"),
        ("bmcs: [{name: b, address: h, events: 1}]", "Expected 'bool'", "bmcs[0].events"),
        ("bmcs: [{name: b, address: h, event_sources: [x]}]", "'x'", "bmcs[0].event_sources[0]"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_said(
    tmp_path: Path, text: str, what: str, path: str
) -> None:
    file = tmp_path / "hwagent.yaml"
    file.write_text(f"host: h\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(str(file))
    assert str(caught.value).startswith(f"{file}:2:")
    assert what in str(caught.value)
    assert caught.value.path == path


def test_what_is_right_in_it_counts(tmp_path: Path) -> None:
    file = tmp_path / "hwagent.yaml"
    events = {"bind": "[::]:8443", "url": "https://h:8443/", "cert_file": "c", "key_file": "k"}
    bmc = {"name": "b", "address": "h", "event_sources": ["192.0.2.1"]}
    file.write_text(json.dumps({"events": events, "bmcs": [bmc]}))
    config = load_config(str(file))
    assert config.events.place == ("::", 8443)
    assert config.bmcs[0].event_sources == ("192.0.2.1",)
    assert load_config(str(file)).bmcs[0].events


def pair() -> tuple[Agent, Agent]:
    """Two hosts that list one BMC by different names; each has heard of the other."""
    here, there = agent(), Agent(name="h2")
    there.ears.configure(Config(bmcs=[Bmc(name="b", address=R1.address)]))
    return here, there


def gossiped(*agents: Agent) -> None:
    for one in agents:
        one.members = [(o.name, o.alive, o.ears.values()) for o in agents if o is not one]
    for one in agents:
        one.ears._decide()


def hearing(*agents: Agent) -> list[str]:
    return [one.name for one in agents if one.ears.needed()]


def test_of_two_hosts_that_list_a_bmc_one_hears_it_and_the_other_looks_when_it_does() -> None:
    here, there = pair()
    assert hearing(here, there) == ["h1", "h2"], "none knows of the other"
    gossiped(here, there)
    [name] = hearing(here, there)
    hears, other = (here, there) if name == "h1" else (there, here)
    job = ("bmc", encode(next(iter(other.ears._bmcs.values()))))
    hears.ears._take(Hearing(next(iter(hears.ears._bmcs)), "stream", events=1))
    gossiped(here, there)
    assert other.hurried == [job]
    hears.alive = False
    gossiped(here, there)
    assert other.ears.needed()


def test_who_says_that_a_bmc_is_heard_elsewhere_says_by_whom() -> None:
    here, there = pair()
    gossiped(here, there)
    [name] = hearing(here, there)
    other = there if name == "h1" else here
    [bmc] = other.ears._bmcs.values()
    job = ("bmc", encode(bmc))
    own = Sample(id=f"bmc:{bmc.name}", kind="bmc")
    [said] = other.ears.seen(job, [own])
    assert (said.metrics["events"], said.attributes["events_by"]) == ("elsewhere", name)
    assert "events_problem" not in said.attributes


def test_one_that_cannot_hear_a_bmc_for_minutes_leaves_it_to_the_next_for_a_while() -> None:
    here, there = pair()
    gossiped(here, there)
    [name] = hearing(here, there)
    deaf, other = (here, there) if name == "h1" else (there, here)
    [bmc] = deaf.ears._bmcs
    deaf.ears._take(Hearing(bmc, "broken", "HTTP 503"))
    gossiped(here, there)
    assert hearing(here, there) == [name], "it may only start anew"
    deaf.time += PATIENCE
    gossiped(here, there)
    assert hearing(deaf, other) == [other.name]
    deaf.time += FORGIVEN
    gossiped(here, there)
    gossiped(here, there)
    assert hearing(deaf, other) == [deaf.name]
    deaf.ears._take(Hearing(bmc, "stream"))
    assert len(deaf.hurried) == 1, "nobody has heard what happened meanwhile"


@pytest.mark.parametrize("owner", ["h1", "h2"])
def test_a_host_hears_its_own_bmc_rather_than_another_host(owner: str) -> None:
    hosts = [Agent(name="h1"), Agent(name="h2")]
    for one in hosts:
        of = "" if one.name == owner else owner
        one.ears.configure(Config(bmcs=[Bmc(name="b", address=R1.address, host=of)]))
    gossiped(*hosts)
    assert hearing(*hosts) == [owner]
