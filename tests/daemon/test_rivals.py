"""Addresses that have not the one owner that they should are components; others are none."""

from typing import Any

from hwagent.config import Group
from hwagent.daemon.rivals import Rivals, voting


def vip(**more: Any) -> dict[str, Any]:
    return {
        "address": "10.0.0.10/24", "interface": "", "state": "released", "reason": "unfit: x",
        "group": "web", "holder": "", **more,
    }  # fmt: skip


def test_an_address_that_nobody_holds_is_told_and_told_as_well_afterwards() -> None:
    rivals = Rivals()
    assert rivals.samples([vip(holder="h2", reason="held by h2")], {"web"}) == []
    (found,) = rivals.samples([vip()], {"web"})
    assert (found.metrics["owned"], found.attributes["why"]) == (0, "unfit: x")
    for well in (vip(holder="h2"), vip(state="preparing"), vip(state="held", holder="h1")):
        (found,) = rivals.samples([well], {"web"})
        assert (found.metrics["owned"], found.attributes["why"]) == (1, "")


def test_who_hears_no_majority_does_not_know_who_holds_what() -> None:
    three = Group(name="web", voters=dict.fromkeys(("a", "b", "c"), ("192.0.2.1",)))
    assert voting([three], "a", {"a", "b"}) == {"web"}
    assert voting([three], "a", {"a"}) == set()
    assert voting([three], "a", {"x", "y"}) == set()
    assert voting([three], "a", None) == {"web"}, "nobody tells a host that does not gossip"
    assert voting([three], "d", {"a", "b", "c"}) == set()


def test_who_has_no_vote_or_does_not_know_says_nothing_of_owners() -> None:
    assert Rivals().samples([vip()], set()) == []
    assert Rivals().samples([vip(state="unknown", reason="")], {"web"}) == []
    (found,) = Rivals().samples([vip(answering=("a", "b"))], set())
    assert "owned" not in found.metrics
    assert found.metrics["answering"] == 2
