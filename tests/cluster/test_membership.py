"""The table: what is believed of whom after what was said (memberlist's state tests, replayed)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.cluster.awareness import Awareness
from hwagent.cluster.effects import Event, Spread, Tell
from hwagent.cluster.member import State, after, newer
from hwagent.cluster.membership import GRAVES, Membership
from hwagent.cluster.messages import Alive, Dead, Endpoint, Suspect
from hwagent.cluster.profile import LAN

HERE = (Endpoint("", "10.0.0.1", 7956),)
THERE = (Endpoint("", "10.0.0.2", 7956),)
ELSEWHERE = (Endpoint("", "10.0.0.3", 7956),)


def table(others: int = 0) -> Membership:
    members = Membership(0, Alive("me", 1, HERE, 1), LAN, Awareness(8))
    for i in range(others):
        members.alive(0, alive(f"o{i}", endpoints=(Endpoint("", f"10.1.0.{i}", 7956),)))
    return members


def alive(name: str = "a", incarnation: int = 1, **more: Any) -> Alive:
    return Alive(name, incarnation, more.pop("endpoints", THERE), more.pop("session", 7), **more)


def events(found: list[Any]) -> list[str]:
    return [e.type for e in found if isinstance(e, Event)]


def spreads(found: list[Any]) -> list[Any]:
    return [e.message for e in found if isinstance(e, Spread)]


def state(members: Membership, name: str = "a") -> State:
    member = members.get(name)
    assert member is not None
    return member.state


def test_a_new_member_is_known_and_told_once():
    members = table()
    assert events(members.alive(0, alive())) == ["joined"]
    assert members.alive(1, alive()) == [], "AliveNode_Idempotent"
    assert members.living == 2


def test_new_labels_need_a_newer_incarnation():
    members = table()
    members.alive(0, alive())
    assert members.alive(1, alive(labels={"rack": "1"})) == []
    assert events(members.alive(1, alive(incarnation=2, labels={"rack": "1"}))) == ["updated"]


def test_an_accusation_is_refuted_by_a_newer_incarnation_only():
    members = table(4)
    members.alive(0, alive(incarnation=5))
    assert events(members.suspect(1, Suspect("a", 4, "o1"))) == [], "SuspectNode_OldSuspect"
    assert events(members.suspect(1, Suspect("a", 5, "o1"))) == ["suspected"]
    assert members.alive(2, alive(incarnation=5)) == []
    assert state(members) is State.SUSPECT
    assert events(members.alive(2, alive(incarnation=6))) == ["refuted"]
    assert state(members) is State.ALIVE


def test_a_second_accuser_is_passed_on_and_the_same_one_is_not():
    members = table(4)
    members.alive(0, alive())
    members.suspect(1, Suspect("a", 1, "o1"))
    assert members.suspect(1, Suspect("a", 1, "o1")) == [], "SuspectNode_DoubleSuspect"
    assert spreads(members.suspect(1, Suspect("a", 1, "o2"))) == [Suspect("a", 1, "o2")]


def test_a_suspect_dies_when_its_time_is_over_and_the_verdict_says_who_and_why():
    members = table(4)
    members.alive(0, alive())
    members.suspect(10, Suspect("a", 1, "o1", "no ack"))
    members.suspect(11, Suspect("a", 1, "o2"))
    members.suspect(12, Suspect("a", 1, "o3"))
    assert members.tick(13.9) == []
    (failed,) = [e for e in members.tick(14) if isinstance(e, Event)]
    assert failed.type == "failed"
    assert failed.data["accusers"] == ["o1", "o2", "o3"]
    assert "accused by o1: no ack" in failed.data["reason"]
    assert members.living == 5


def test_who_is_dead_comes_back_only_with_something_new():
    members = table()
    members.alive(0, alive(incarnation=5))
    members.dead(1, Dead("a", 5, "o1"))
    assert members.alive(2, alive(incarnation=5)) == [], "DeadNode_AliveReplay"
    assert state(members) is State.DEAD
    assert members.dead(2, Dead("a", 4, "o1")) == [], "DeadNode_OldDead"
    assert spreads(members.dead(2, Dead("a", 9, "o1"))) == [Dead("a", 9, "o1")]
    assert members.alive(3, alive(incarnation=9)) == [], "the stored incarnation moved on"
    assert events(members.alive(3, alive(incarnation=10))) == ["returned"]


def test_death_of_somebody_unknown_is_remembered_against_what_is_stale():
    members = table()
    assert members.dead(0, Dead("a", 5, "o1")) == []
    assert members.alive(1, alive(incarnation=4)) != [], "its new life is told, not taken"
    assert state(members) is State.DEAD


def test_leaving_is_not_failing_and_coming_back_is_allowed():
    members = table()
    members.alive(0, alive())
    assert events(members.dead(1, Dead("a", 1, "a"))) == ["left"]
    assert state(members) is State.LEFT
    again = members.alive(2, alive(incarnation=2, endpoints=ELSEWHERE, session=8))
    assert events(again) == ["returned"]


def test_a_name_is_held_by_who_had_it_first_and_both_are_told():
    members = table()
    members.alive(0, alive())
    found = members.alive(1, alive(incarnation=9, endpoints=ELSEWHERE, session=8))
    assert events(found) == ["name_conflict"]
    assert [t.endpoints for t in found if isinstance(t, Tell)] == [THERE, ELSEWHERE]
    known = members.get("a")
    assert known is not None
    assert known.endpoints == THERE
    assert members.alive(2, alive(incarnation=10, endpoints=ELSEWHERE, session=8)) == []


def test_the_same_name_is_taken_at_a_new_address_after_death():
    members = table()
    members.alive(0, alive())
    members.dead(1, Dead("a", 1, "o1"))
    told = members.alive(2, alive(endpoints=ELSEWHERE, session=8))
    assert [t.message for t in told if isinstance(t, Tell)] == [Dead("a", 1, "me")]
    assert events(members.alive(3, alive(incarnation=2, endpoints=ELSEWHERE, session=8))) == [
        "returned"
    ]


def test_an_address_that_is_added_by_the_same_life_is_no_conflict():
    members = table()
    members.alive(0, alive())
    assert events(members.alive(1, alive(incarnation=2, endpoints=ELSEWHERE))) == ["updated"]


@pytest.mark.parametrize("mine", [1, 2**63 - 1, 2**64 - 1])
@pytest.mark.parametrize("ahead", [0, 1, 5, 2**63 - 1])
def test_this_member_refutes_whatever_is_said_about_it(mine, ahead):
    members = Membership(0, Alive("me", mine, HERE, 1), LAN, Awareness(8))
    accusation = (mine + ahead) % 2**64
    found = members.suspect(0, Suspect("me", accusation, "a"))
    assert events(found) == ["accused"]
    (said,) = spreads(found)
    assert newer(said.incarnation, accusation)
    assert said.incarnation == members.me.incarnation


def test_this_member_does_not_refute_what_is_older_than_its_last_word():
    members = table()
    members.dead(0, Dead("me", 1, "a"))
    assert members.dead(1, Dead("me", 1, "a")) == []


def test_an_earlier_life_of_this_member_is_outdone():
    members = table()
    found = members.alive(0, Alive("me", 41, HERE, 99))
    (said,) = spreads(found)
    assert (said.incarnation, said.session) == (42, 1)


def test_another_host_with_this_name_is_reported_and_no_duel_begins():
    members = table()
    for incarnation in range(2, 500):
        found = members.alive(0, Alive("me", incarnation, THERE, 99))
        assert spreads(found) == []
        assert events(found) == (["name_conflict"] if incarnation == 2 else [])


def test_who_leaves_does_not_refute():
    members = table()
    (said,) = spreads(members.leave(0))
    assert said == Dead("me", 1, "me")
    assert members.dead(1, said) == []
    assert members.suspect(1, Suspect("me", 9, "a")) == []


def test_graves_are_bounded_and_the_old_ones_are_cleared():
    members = table()
    for i in range(GRAVES + 100):
        members.alive(i, alive(f"x{i}", endpoints=(Endpoint("", "10.2.0.1", i + 1),)))
        members.dead(i, Dead(f"x{i}", 1, "o1"))
    members.prune(GRAVES + 100)
    assert len(members.all()) == GRAVES + 1
    assert members.get("x0") is None
    assert members.get(f"x{GRAVES + 99}") is not None
    members.prune(GRAVES + 100 + LAN.reconnect_timeout)
    assert [m.name for m in members.all()] == ["me"]


said = st.one_of(
    st.builds(
        Alive,
        st.just("a"),
        st.integers(0, 6),
        st.sampled_from([THERE, ELSEWHERE]),
        st.sampled_from([7, 8]),
    ),
    st.builds(Suspect, st.just("a"), st.integers(0, 6), st.sampled_from(["o0", "o1", "a"])),
    st.builds(Dead, st.just("a"), st.integers(0, 6), st.sampled_from(["o0", "o1", "a"])),
)


@given(st.lists(said, max_size=30))
def test_whatever_is_said_the_incarnation_never_falls_and_the_count_is_right(words):
    members = table(4)
    last = None
    for now, word in enumerate(words):
        before = members.get("a")
        was_gone = before is not None and before.gone
        match word:
            case Alive():
                members.alive(now, word)
            case Suspect():
                members.suspect(now, word)
            case Dead():
                members.dead(now, word)
        member = members.get("a")
        if member is None:
            continue
        if last is not None:
            assert not newer(last, member.incarnation)
            if was_gone and not member.gone:
                assert newer(member.incarnation, last), "only news brings the dead back"
        last = member.incarnation
        assert members.living == sum(not m.gone for m in members.all())


@given(st.integers(0, 2**64 - 1))
def test_there_is_always_a_newer_incarnation(one):
    assert newer(after(one), one)
    assert not newer(one, after(one))
    assert not newer(one, one)
