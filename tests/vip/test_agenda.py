"""What is decided only when something was heard is as if all were decided at every step."""

from collections.abc import Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hwagent.vip.agenda import Agenda
from hwagent.vip.effects import AddAddress, DelAddress, Effect, Place, Report
from hwagent.vip.machine import Machine
from hwagent.vip.protocol import Vip
from hwagent.vip.ward import Word

BOTH = ("eth0", "eth1")
ADDRESSES = ("10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24")
IPS = [address.partition("/")[0] for address in ADDRESSES]
ALONE, GROUPED = Vip(ADDRESSES[0], BOTH), Vip(ADDRESSES[1], BOTH, "web")
SERVED = Vip(ADDRESSES[2], BOTH, "web", 5.0, 20.0)
place = st.builds(Place, st.sampled_from(BOTH), st.sampled_from(ADDRESSES))


def test_an_address_comes_up_once_for_what_was_heard_and_once_at_its_time() -> None:
    agenda = Agenda()
    agenda.touch("a")
    agenda.touch("a")
    agenda.later("b", 5.0)
    assert list(agenda.take(0.0)) == ["a"]
    assert list(agenda.take(4.9)) == []
    assert list(agenda.take(5.0)) == ["b"]
    agenda.later("b", float("inf"))
    assert list(agenda.take(9.0)) == []


class Side:
    """A machine with a kernel of its own; a thorough one looks at everything at every step."""

    def __init__(self, thorough: bool) -> None:
        self.thorough = thorough
        self.machine = Machine(1000.0)
        self.up = dict.fromkeys(BOTH, True)
        self.present: dict[Place, bool] = {}
        self.broken: set[Place] = set()
        self.machine.links(dict(self.up))

    def settle(self, now: float) -> list[tuple[list[Effect], list[Report]]]:
        """What it does until nothing is left, step by step."""
        found = []
        for _ in range(20):
            if self.thorough:
                self.machine.links(dict(self.up))
            effects = self.machine.step(now)
            for effect in effects:
                self._perform(now, effect)
            found.append((sorted(effects), sorted(self.machine.news(now))))
            if not effects:
                break
        return found

    def _perform(self, now: float, effect: Effect) -> None:
        if isinstance(effect, AddAddress | DelAddress) and effect.place in self.broken:
            self.machine.failed(now, effect, "busy")
        elif isinstance(effect, AddAddress):
            self.present[effect.place] = True
        elif isinstance(effect, DelAddress):
            self.present.pop(effect.place, None)


class Twins(RuleBasedStateMachine):
    """One of two machines looks only at what was touched."""

    @initialize()
    def start(self) -> None:
        self.now = 1000.0
        self.sides = Side(False), Side(True)
        self.plan([ALONE, GROUPED, SERVED])
        self.word(True, 60.0)
        for address in IPS:
            self.lease(address, 1, True)
        self.wait(2.0)

    def same(self) -> None:
        ours, thorough = (side.settle(self.now) for side in self.sides)
        assert ours == thorough

    @rule(vips=st.lists(st.sampled_from([ALONE, GROUPED, SERVED]), unique=True))
    def plan(self, vips: Iterable[Vip]) -> None:
        for side in self.sides:
            side.machine.plan(self.now, list(vips))
        self.same()

    @rule(fit=st.booleans(), ttl=st.floats(0.1, 60))
    def word(self, fit: bool, ttl: float) -> None:
        for side in self.sides:
            side.machine.fitness(Word(fit, "", self.now + ttl))
        self.same()

    @rule(address=st.sampled_from(IPS), epoch=st.integers(1, 3), leave=st.booleans())
    def lease(self, address: str, epoch: int, leave: bool) -> None:
        for side in self.sides:
            if leave:
                side.machine.grant(address, epoch)
            else:
                side.machine.revoke(address, "lapsed")
        self.same()

    @rule(problem=st.sampled_from(["", "no"]))
    def ready(self, problem: str) -> None:
        for side in self.sides:
            for ward in side.machine.wards():
                side.machine.ready(self.now, ward.address, ward.epoch, problem)
        self.same()

    @rule(name=st.sampled_from(BOTH), up=st.booleans(), flapped=st.booleans())
    def link(self, name: str, up: bool, flapped: bool) -> None:
        for side in self.sides:
            side.up[name] = up
            side.machine.links(dict(side.up))
            if flapped:
                side.machine.flapped(self.now, name)
        self.same()

    @rule(where=place, there=st.sampled_from([True, False, None]), refused=st.booleans())
    def meddle(self, where: Place, there: bool | None, refused: bool) -> None:
        for side in self.sides:
            if there is None:
                side.present.pop(where, None)
            else:  # where it stands in the list may decide who is named, and nothing else
                side.present[where] = there
            broken = [where] if refused and there else []
            side.machine.addresses(self.now, dict(side.present), broken)
        self.same()

    @rule(where=place, broken=st.booleans())
    def kernel(self, where: Place, broken: bool) -> None:
        for side in self.sides:
            (side.broken.add if broken else side.broken.discard)(where)

    @rule(address=st.sampled_from(ADDRESSES))
    def release(self, address: str) -> None:
        for side in self.sides:
            side.machine.release(address)
        self.same()

    @rule(reason=st.sampled_from(["", "another holder"]))
    def bar(self, reason: str) -> None:
        for side in self.sides:
            side.machine.bar(reason)
        self.same()

    @rule(addresses=st.lists(st.sampled_from(["10.0.0.8", "10.0.0.9"])))
    def mute(self, addresses: list[str]) -> None:
        for side in self.sides:
            own = {Place("eth0", "10.0.0.8/24"): False, Place("eth1", "10.0.0.9/24"): False}
            side.present |= own
            side.machine.addresses(self.now, dict(side.present))
            side.machine.mute(addresses)
        self.same()

    @rule(address=st.sampled_from(IPS))
    def rival(self, address: str) -> None:
        for side in self.sides:
            side.machine.rival(self.now, address, "02:00:00:00:00:01", "a stranger")
        self.same()

    @rule(seconds=st.floats(0.001, 70))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.same()

    @rule()
    def due(self) -> None:
        self.now = self.sides[0].machine.due(self.now) or self.now
        self.same()

    @invariant()
    def alike(self) -> None:
        if hasattr(self, "sides"):
            ours, thorough = self.sides
            assert ours.present == thorough.present
            assert list(ours.machine.wards()) == list(thorough.machine.wards())
            assert ours.machine.due(self.now) == thorough.machine.due(self.now)

    def teardown(self) -> None:
        for side in self.sides:
            side.machine.close()
        self.same()


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
