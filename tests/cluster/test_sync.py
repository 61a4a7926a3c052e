"""Push and pull: what one member takes from another."""

from hwagent.cluster.awareness import Awareness
from hwagent.cluster.effects import Event, Spread
from hwagent.cluster.member import State
from hwagent.cluster.membership import Membership
from hwagent.cluster.messages import Alive, Dead, Endpoint, Entry, StatusDelta, Sync
from hwagent.cluster.profile import LAN
from hwagent.cluster.status import Statuses
from hwagent.cluster.sync import Syncer


class Side:
    """One member's tables and what it says in an exchange."""

    def __init__(self, name: str, number: int) -> None:
        place = (Endpoint("", f"10.0.0.{number}", 7956),)
        self.alive = Alive(name, 1, place, number)
        self.members = Membership(0, self.alive, LAN, Awareness(8))
        self.statuses = Statuses(0, name, number)
        self.syncer = Syncer(self.members, self.statuses)

    def knows(self, other: Alive, state: State = State.ALIVE) -> None:
        self.members.alive(0, other)
        if state is State.DEAD:
            self.members.dead(0, Dead(other.name, other.incarnation, self.alive.name))
        if state is State.LEFT:
            self.members.dead(0, Dead(other.name, other.incarnation, other.name))

    def state(self, name: str) -> State | None:
        member = self.members.get(name)
        return member.state if member else None


def alive(name: str, incarnation: int = 1) -> Alive:
    number = sum(name.encode()) % 200 + 10
    return Alive(name, incarnation, (Endpoint("", f"10.0.1.{number}", 7956),), number)


def exchange(a: Side, b: Side) -> list[object]:
    """``a`` asks ``b``; both merge. What follows for ``a``."""
    request = a.syncer.request(0)
    b.syncer.merge(0, request)
    answer = b.syncer.response(0, request)
    return a.syncer.merge(0, answer)


def test_each_learns_whom_the_other_knows():
    a, b = Side("a", 1), Side("b", 2)
    a.knows(alive("x"))
    b.knows(alive("y"))
    exchange(a, b)
    names = {"a", "b", "x", "y"}
    assert {m.name for m in a.members.all()} == {m.name for m in b.members.all()} == names


def test_the_dead_of_another_are_suspects_here_and_may_refute():
    """memberlist's MergeState: a whole half of a split would die of the other half's belief."""
    a, b = Side("a", 1), Side("b", 2)
    a.knows(alive("x"))
    b.knows(alive("x"), State.DEAD)
    exchange(a, b)
    assert a.state("x") is State.SUSPECT
    a.members.alive(0, alive("x", 2))
    assert a.state("x") is State.ALIVE


def test_who_left_has_left_for_all():
    a, b = Side("a", 1), Side("b", 2)
    a.knows(alive("x"))
    b.knows(alive("x"), State.LEFT)
    exchange(a, b)
    assert a.state("x") is State.LEFT


def test_a_death_of_somebody_unknown_is_remembered_with_its_address_and_not_told_on():
    a, b = Side("a", 1), Side("b", 2)
    b.knows(alive("x", 5), State.DEAD)
    found = exchange(a, b)
    assert a.state("x") is State.DEAD
    member = a.members.get("x")
    assert member is not None
    assert member.endpoints, "so that it can be called"
    assert not any(isinstance(e, Spread) and e.subject == "x" for e in found)
    a.members.alive(0, alive("x", 4))
    assert a.state("x") is State.DEAD


def test_who_is_believed_dead_hears_it_and_outdoes_it():
    a, b = Side("a", 1), Side("b", 2)
    b.knows(a.alive, State.DEAD)
    found = exchange(a, b)
    assert a.members.me.incarnation == 2
    accused = [e for e in found if isinstance(e, Event) and e.type == "accused"]
    assert [e.data["by"] for e in accused] == ["b"]
    exchange(a, b)
    assert b.state("a") is State.ALIVE


def test_an_old_word_of_another_changes_nothing():
    a, b = Side("a", 1), Side("b", 2)
    a.knows(alive("x", 9))
    b.knows(alive("x", 3), State.DEAD)
    assert a.syncer.merge(0, Sync("b", (Entry(alive("x", 3), int(State.DEAD)),))) == []
    assert a.state("x") is State.ALIVE


def test_status_comes_with_the_answer_and_what_the_asker_knows_better_is_asked_for():
    a, b = Side("a", 1), Side("b", 2)
    exchange(a, b)
    a.statuses.mine.write({"n": 1})
    b.statuses.take(0, StatusDelta("x", 7, 0, 1, 0, (("health", 1, "ok"),)), 7)
    request = a.syncer.request(0)
    answer = b.syncer.response(0, request)
    assert [d.owner for d in answer.deltas] == ["x"]
    assert [p.owner for p in b.syncer.missing(0, request)] == ["a"]
