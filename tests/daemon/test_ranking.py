"""Who asks for an address, and after whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hwagent.cluster.report import UNREADY
from hwagent.config import Config
from hwagent.daemon.ranking import Outlook, Rankings, barred, loads, ranking

VIP = "10.9.0.100"
HOSTS = ("h1", "h2", "h3", "h4")


def config(preempt: bool = False, witnesses: Sequence[str] = ()) -> Config:
    voters = {name: [f"10.9.0.{n}"] for n, name in enumerate(HOSTS[:3], 1)}
    group = {"name": "web", "voters": voters, "members": {"h4": ["10.9.0.4"]}, "preempt": preempt}
    group["witnesses"] = list(witnesses)
    vip = {"address": f"{VIP}/24", "interfaces": ["eth0"], "group": "web"}
    return msgspec.convert({"vips": [vip], "groups": [group]}, Config)


def ranks(holder: str, preempt: bool = False, **unfit: bool) -> dict[str, int]:
    fleet: list[dict[str, Any]] = [
        {"name": name, "status": "alive", "unfit": unfit.get(name, False)} for name in HOSTS
    ]
    shares = loads(fleet, {})
    return {
        name: ranking(Outlook(config(preempt), name, fleet, {VIP: holder}, shares)).ranks[VIP]
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


def stands(
    holder: str, pins: Mapping[str, str] = {}, calm: bool = True, **health: str
) -> dict[str, tuple[int, bool]]:
    """Rank of each host, and whether it is to leave the address to a better one."""
    fleet = [
        {"name": n, "status": "alive", "health": health.get(n, "ok"),
         "unfit": "x" if health.get(n) == "unfit" else ""}
        for n in HOSTS
    ]  # fmt: skip
    shares = loads(fleet, {})
    found = {}
    for name in HOSTS:
        made = ranking(Outlook(config(), name, fleet, {VIP: holder}, shares, pins, calm))
        found[name] = (made.ranks[VIP], VIP in made.leave)
    return found


def test_a_pin_takes_the_address_from_a_fit_holder_and_keeps_it_there():
    moving = stands("h1", {VIP: "h3"})
    assert moving["h1"][1], "without preempt too: it is an order"
    assert moving["h3"] == (0, False)
    assert stands("h3", {VIP: "h3"})["h3"] == (0, False)
    degraded = stands("h3", {VIP: "h3"}, h3="degraded")
    assert degraded["h3"] == (0, False)


def test_a_pin_to_an_unfit_host_is_as_if_there_were_none():
    assert stands("h1", {VIP: "h3"}, h3="unfit") == stands("h1", h3="unfit")
    assert not any(leave for _, leave in stands("h1", {VIP: "h9"}).values())


def test_a_degraded_holder_leaves_but_not_in_a_storm():
    assert stands("h1", h1="degraded")["h1"][1]
    assert stands("h1", calm=False, h1="degraded")["h1"] == (0, False)
    assert stands("h1", {VIP: "h3"}, calm=False)["h1"][1], "a pin is an operator's own"
    lost = stands("h1", calm=False, h1="unfit")
    assert lost["h1"][0] > 0, "what an unfit host holds is taken over in a storm too"


def test_where_all_hosts_degrade_nobody_moves():
    all_bad = dict.fromkeys(HOSTS, "degraded")
    assert not any(leave for _, leave in stands("h2", **all_bad).values())


def test_a_host_that_is_not_ready_is_passed_over_unless_it_has_the_address():
    said = f"released{UNREADY}the replica lags"
    fleet = [
        {"name": n, "status": "alive", "vips": {f"{VIP}/24": said if n == "h2" else "released"}}
        for n in HOSTS
    ]

    def of(holder: str, pins: Mapping[str, str] = {}) -> dict[str, int]:
        shares = loads(fleet, {})
        made = {n: ranking(Outlook(config(), n, fleet, {VIP: holder}, shares, pins)) for n in HOSTS}
        return {name: found.ranks[VIP] for name, found in made.items()}

    assert sorted(rank for name, rank in of("").items() if name != "h2") == [0, 1, 2]
    assert of("")["h2"] == 3
    assert of("h1", {VIP: "h2"})["h2"] > 0, "a pin does not make it ready"
    assert of("h2")["h2"] == 0


def test_a_witness_takes_nothing_and_leaves_what_it_has():
    of = config(witnesses=["h3"])
    fleet = [{"name": n, "status": "alive"} for n in HOSTS]

    def rank(holder: str) -> dict[str, int]:
        made = {n: ranking(Outlook(of, n, fleet, {VIP: holder}, loads(fleet, {}))) for n in HOSTS}
        return {name: found.ranks[VIP] for name, found in made.items()}

    assert [barred(of, name) for name in HOSTS] == [(), (), (VIP,), ()]
    assert max(rank(""), key=rank("").__getitem__) == "h3"
    assert ranking(Outlook(of, "h3", fleet, {VIP: "h3"}, loads(fleet, {}))).leave == (VIP,)
    assert rank("h3")["h3"] > 0, "else it would not leave it"


def test_a_ranking_is_kept_while_nothing_changes_and_made_anew_when_anything_does():
    kept = Rankings()
    given: dict[str, Any] = {
        "config": config(),
        "host": "h2",
        "fleet": [{"name": n, "status": "alive", "health": "ok", "vips": {}} for n in HOSTS],
        "holders": {VIP: "h1"},
        "loads": dict.fromkeys(HOSTS, 1.0),
        "pins": {},
        "calm": True,
    }

    def told() -> Any:
        found = kept.rank(Outlook(**given))
        assert found == ranking(Outlook(**given))
        return found

    first = told()
    for member in given["fleet"]:
        member |= {"age": 3.0, "rtt": 0.001, "load": 0.4}
    given |= {"holders": {VIP: "h1"}, "loads": dict(given["loads"])}
    assert told() is first, "nothing has changed that counts"
    said = {f"{VIP}/24": f"released{UNREADY}the replica lags"}
    for change in (
        lambda: given["holders"].update({VIP: "h3"}),
        lambda: given["fleet"][2].update(health="degraded"),
        lambda: given["fleet"][3].update(vips=said),
        lambda: given["fleet"][0].update(labels={"zone": "a/b"}),
        lambda: given["fleet"][0].update(status="failed"),
        lambda: given["loads"].update(h4=0.5),
        lambda: given["pins"].update({VIP: "h4"}),
        lambda: given.update(calm=False),
        lambda: given.update(config=config(preempt=True)),
        lambda: given.update(host="h4"),
    ):
        before = told()
        change()
        assert told() is not before
