"""Several hosts that watch one switch: one polls it, and it is down only if all agree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.config.switches import Switch
from hwagent.daemon.sharing import Sharing, Watcher, decide

HOSTS = ("h1", "h2", "h3")
SWITCH = Switch(name="sw1", address="192.0.2.1", community_file="/nowhere")


class Fleet:
    """Hosts that hear each other, but for those that are cut off or dead."""

    def __init__(self, *names: str) -> None:
        self.hosts = {name: Sharing(name) for name in names}
        for host in self.hosts.values():
            host.configure([SWITCH])
        self.dead: set[str] = set()
        self.silent: set[str] = set()

    def decisions(self) -> dict:
        found = {}
        for name, host in self.hosts.items():
            if name not in self.dead:
                others = [
                    (n, n not in self.dead, h.values()) for n, h in self.hosts.items() if n != name
                ]
                found[name] = host.decide(others)["sw1"]
        return found

    def settle(self) -> dict:
        """Everybody does its part until nothing changes."""
        for _ in range(8):
            for name, decision in self.decisions().items():
                if decision.role != "rest":
                    self.hosts[name].heard("sw1", name not in self.silent)
        return self.decisions()

    def pollers(self) -> list[str]:
        return [n for n, d in self.settle().items() if d.role == "poll"]


def test_one_of_several_polls_and_the_others_rest() -> None:
    fleet = Fleet(*HOSTS)
    found = fleet.settle()
    [poller] = fleet.pollers()
    assert {d.poller for d in found.values()} == {poller}
    assert {d.role for n, d in found.items() if n != poller} == {"rest"}
    assert {d.reachable for d in found.values()} == {True}


def test_when_it_dies_another_takes_over() -> None:
    fleet = Fleet(*HOSTS)
    [first] = fleet.pollers()
    fleet.dead.add(first)
    [second] = fleet.pollers()
    assert second != first
    assert fleet.decisions()[second].reachable


def test_a_poller_that_sees_it_no_more_hands_over_and_cries_no_alarm() -> None:
    fleet = Fleet(*HOSTS)
    [first] = fleet.pollers()
    fleet.silent.add(first)
    [second] = fleet.pollers()
    assert second != first
    assert {d.reachable for d in fleet.decisions().values()} == {True}
    assert fleet.decisions()[first].role == "check"
    fleet.silent.clear()
    assert fleet.pollers() == [first]


def test_it_is_down_when_all_agree() -> None:
    fleet = Fleet(*HOSTS)
    fleet.settle()
    fleet.silent.update(HOSTS)
    found = fleet.settle()
    assert {d.reachable for d in found.values()} == {False}
    assert sum(d.role == "poll" for d in found.values()) == 1


def test_one_that_is_cut_off_does_not_know() -> None:
    fleet = Fleet(*HOSTS)
    fleet.settle()
    fleet.silent.add("h1")
    fleet.dead.update({"h2", "h3"})  # as h1 sees it
    found = fleet.settle()["h1"]
    assert found.reachable is None
    assert "h2, h3 cannot be asked" in found.why


def test_a_host_alone_polls_and_judges_alone() -> None:
    fleet = Fleet("h1")
    assert fleet.settle()["h1"].reachable is True
    fleet.silent.add("h1")
    found = fleet.settle()["h1"]
    assert (found.role, found.reachable) == ("poll", False)


def test_a_switch_of_that_name_elsewhere_is_another() -> None:
    one, other = Sharing("h1"), Sharing("h2")
    one.configure([SWITCH])
    other.configure([Switch(name="sw1", address="192.0.2.2", community_file="/nowhere")])
    assert one.decide([("h2", True, other.values())])["sw1"].role == "poll"
    assert other.decide([("h1", True, one.values())])["sw1"].role == "poll"


def test_a_trap_that_comes_to_another_host_is_told_once() -> None:
    one, other = Sharing("h1"), Sharing("h2")
    one.configure([SWITCH])
    other.configure([SWITCH])
    assert one.hinted([("h2", True, other.values())]) == []
    other.hint("sw1")
    assert one.hinted([("h2", True, other.values())]) == ["sw1"]
    assert one.hinted([("h2", True, other.values())]) == []


WATCHERS = st.lists(
    st.builds(
        Watcher,
        st.sampled_from((*HOSTS, "h4", "h5")),
        st.booleans(),
        st.sampled_from(["yes", "no", "?"]),
    ),
    unique_by=lambda w: w.name,
    min_size=1,
)


@settings(deadline=None)
@given(WATCHERS)
def test_those_who_know_the_same_agree_and_one_of_them_polls(watchers: list[Watcher]) -> None:
    alive = [w for w in watchers if w.alive]
    found = {w.name: decide(w.name, "sw1", watchers) for w in alive}
    assert sum(d.role == "poll" for d in found.values()) == (1 if alive else 0)
    assert len({(d.poller, d.reachable) for d in found.values()}) <= 1
    for decision in found.values():
        if decision.reachable is False:
            assert all(w.word == "no" for w in alive)
            assert 2 * len(alive) > len(watchers)
