"""Services of several addresses, with a holder and a helper that do as the test says."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

from hwagent.config import Config, Duration
from hwagent.config.schema import Vip
from hwagent.config.vip_services import VipServices
from hwagent.daemon import retinue
from hwagent.daemon.attending import Attending
from hwagent.helper import ProbeStuck, VerbResult
from hwagent.model import Mode
from tests.loop import in_loop, until

ONE, TWO = "10.0.0.1/24", "10.0.0.2/24"


class Around:
    """What an agent has around it: where addresses stand, what was asked for and answered."""

    def __init__(self, mode: Mode = Mode.ACT, **units: list[str]) -> None:
        self.told: dict[str, dict[str, Any]] = {}
        self.verbs: list[tuple[str, str]] = []
        self.kept: list[list[str]] = []
        self.answers: list[tuple[str, int, str]] = []
        self.published: list[str] = []
        self.now: set[str] = set()
        self.slow: dict[str, asyncio.Event] = {}
        self.fails: Callable[[str, str], str] = lambda address, step: ""
        self.host, self.config = "h1", config(mode, **units)
        self.holding = SimpleNamespace(
            connected=True,
            vips=lambda: list(self.told.values()),
            ready=self.ready,
            hurry=self.pass_,
        )
        self.helper, self.pollers = SimpleNamespace(verb=self.verb), None
        self.gossip = SimpleNamespace(changed=self.pass_)
        self.attending = Attending(self, self.publish)  # type: ignore[arg-type] # a stand-in
        self.attending.configure(self.config)

    def pass_(self) -> None:
        """Nothing to be done."""

    def vips(self) -> list[dict[str, Any]]:
        return list(self.told.values())

    def publish(self, type: str, component: str, data: Any) -> None:
        self.published.append(f"{component} {data['type']} {data['reason']}".strip())

    async def ready(self, address: str, epoch: int, problem: str) -> None:
        self.answers.append((address, epoch, problem))

    async def verb(self, name: str, arguments: dict[str, Any], deadline: float) -> VerbResult:
        address, step = arguments["vip"], arguments["step"]
        if step == "check":
            return VerbResult(True)
        assert not self.now, f"{address} {step} beside {self.now}"
        self.verbs.append((address, step))
        self.kept.append(arguments["keep"])
        self.now.add(address)
        try:
            if f"{address} {step}" in self.slow:
                await self.slow[f"{address} {step}"].wait()
        finally:
            self.now.remove(address)
        problem = self.fails(address, step)
        return VerbResult(not problem, problem)

    def stands(self, address: str, state: str, epoch: int, reason: str = "") -> None:
        """The holder says where an address stands."""
        vip = {"address": address, "state": state, "epoch": epoch, "reason": reason}
        self.told[address] = vip
        self.attending.look()

    async def done(self, *verbs: tuple[str, str]) -> None:
        """Waits until that, and nothing else, was asked of the helper since the last time."""
        await until(lambda: len(self.verbs) >= len(verbs) and not self.now, f"{verbs}")
        await asyncio.sleep(0)
        assert self.verbs == list(verbs)
        self.verbs.clear()


async def settle() -> None:
    """Lets everything happen that can: nobody here waits for more than another turn."""
    for _ in range(50):
        await asyncio.sleep(0)


def config(mode: Mode = Mode.ACT, **units: list[str]) -> Config:
    """Addresses ``one`` and ``two`` with their units."""
    vips = [
        Vip(address, ["eth0"], services=VipServices(run=[*units[name]], cooldown=Duration(1)))
        for name, address in (("one", ONE), ("two", TWO))
        if name in units
    ]
    return Config(mode=mode, vips=vips)


@in_loop
async def test_the_holder_is_answered_once_all_runs() -> None:
    around = Around(one=["a.service"])
    around.slow[f"{ONE} start"] = asyncio.Event()
    around.stands(ONE, "released", 0)
    await around.done((ONE, "stop"))
    around.stands(ONE, "preparing", 7)
    await until(lambda: around.verbs, "started")
    around.attending.look()
    await asyncio.sleep(0)
    assert around.answers == []
    around.slow[f"{ONE} start"].set()
    await until(lambda: around.answers == [(ONE, 7, "")], "answered")
    await around.done((ONE, "start"))
    around.stands(ONE, "held", 7)
    around.attending.happened("conflict", "10.0.0.1", "h2 holds it too")
    await around.done((ONE, "repeat"))
    assert f"vip:{ONE} services started again" in around.published


@in_loop
async def test_a_unit_of_two_addresses_is_stopped_with_the_last() -> None:
    around = Around(one=["a.service", "b.service"], two=["b.service"])
    for address in (ONE, TWO):
        around.stands(address, "preparing", 7)
    await until(lambda: len(around.answers) == 2, "both started, one after the other")
    around.verbs.clear()
    around.kept.clear()
    around.stands(ONE, "released", 7)
    around.stands(TWO, "held", 7)
    await around.done((ONE, "stop"))
    assert around.kept == [["b.service"]]
    around.stands(TWO, "released", 7)
    await around.done((TWO, "stop"))
    assert around.kept[1:] == [[]]


@in_loop
async def test_a_helper_that_hangs_is_a_start_that_failed() -> None:
    around = Around(one=["a.service"])

    def hang(address: str, step: str) -> str:
        if step == "start":
            raise ProbeStuck("no answer within 45 s")
        return ""

    around.fails = hang
    around.stands(ONE, "preparing", 7)
    why = "its services were not started: no answer within 45 s"
    await until(lambda: around.answers == [(ONE, 7, why)], "answered")
    await around.done((ONE, "stop"), (ONE, "start"), (ONE, "stop"))
    assert f"vip:{ONE} failed {why}" in around.published


@in_loop
async def test_what_does_not_stop_is_tried_again_and_keeps_others_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(retinue, "RETRY", 0.05)
    around = Around(one=["a.service"])
    around.fails = lambda address, step: "it hangs"
    around.stands(ONE, "released", 7)
    await until(lambda: len(around.verbs) > 2, "tried again and again")
    why = "its services were not stopped: it hangs"
    assert around.attending.hindrances() == {ONE: why}
    assert around.attending.problems() == [f"{ONE}: {why}"]
    around.fails = lambda address, step: ""
    await until(lambda: not around.attending.hindrances(), "stopped")
    assert around.attending.problems() == []


@in_loop
async def test_in_mode_observe_nothing_is_touched() -> None:
    around = Around(Mode.OBSERVE, one=["a.service"])
    around.stands(ONE, "released", 0, "mode is observe")
    await settle()
    assert around.verbs == []
    around.config = msgspec.structs.replace(around.config, mode=Mode.ACT)
    around.attending.configure(around.config)
    await around.done((ONE, "stop"))


@in_loop
async def test_while_the_holder_does_not_answer_nothing_is_touched() -> None:
    around = Around(one=["a.service"])
    around.stands(ONE, "preparing", 7)
    await until(lambda: around.answers, "started")
    around.verbs.clear()
    around.holding.connected = False
    around.stands(ONE, "unknown", 0)
    await settle()
    assert around.verbs == []


@in_loop
async def test_a_witness_has_nothing_to_start_or_stop() -> None:
    around = Around()
    groups = [{"name": "db", "voters": {"h1": ["10.0.0.9"]}, "witnesses": ["h1"]}]
    vip = {
        "address": TWO,
        "interfaces": ["eth0"],
        "group": "db",
        "services": {"run": ["a.service"]},
    }
    around.attending.configure(msgspec.convert({"vips": [vip], "groups": groups}, Config))
    around.stands(TWO, "released", 0)
    await settle()
    assert around.verbs == []
