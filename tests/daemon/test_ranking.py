"""Who asks for an address, and after whom."""

from typing import Any

import msgspec

from hwagent.config import Config
from hwagent.daemon.ranking import loads, ranking

VIP = "10.9.0.100"
HOSTS = ("h1", "h2", "h3", "h4")


def config(preempt: bool = False) -> Config:
    voters = {name: [f"10.9.0.{n}"] for n, name in enumerate(HOSTS[:3], 1)}
    group = {"name": "web", "voters": voters, "members": {"h4": ["10.9.0.4"]}, "preempt": preempt}
    vip = {"address": f"{VIP}/24", "interfaces": ["eth0"], "group": "web"}
    return msgspec.convert({"vips": [vip], "groups": [group]}, Config)


def ranks(holder: str, preempt: bool = False, **unfit: bool) -> dict[str, int]:
    fleet: list[dict[str, Any]] = [
        {"name": name, "status": "alive", "unfit": unfit.get(name, False)} for name in HOSTS
    ]
    shares = loads(fleet, {})
    return {
        name: ranking(config(preempt), name, fleet, {VIP: holder}, shares).ranks[VIP]
        for name in HOSTS
    }


def test_the_successor_asks_at_once_and_the_others_one_after_another():
    """A rank is a wait: the holder that died asks for nothing, so nobody waits for it."""
    for holder in HOSTS:
        found = ranks(holder)
        assert sorted(rank for name, rank in found.items() if name != holder) == [0, 1, 2]


def test_an_address_that_nobody_holds_is_asked_for_by_one_host_first():
    assert sorted(ranks("").values()) == [0, 1, 2, 3]


def test_a_holder_that_should_keep_it_stands_best():
    for holder in HOSTS:
        assert ranks(holder)[holder] == 0


def test_of_a_holder_that_is_unfit_only_those_who_stand_better_take_it():
    found = ranks("h2", h2=True)
    assert found["h2"] > 0
    assert min(found, key=found.__getitem__) != "h2"
