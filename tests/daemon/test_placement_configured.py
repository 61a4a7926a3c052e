"""Placement as the agents of five hosts work it out of their configuration and their gossip."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hwagent.config import Config, convert, parse
from hwagent.daemon.ranking import Outlook, loads, ranking

HOSTS = ("h1", "h2", "h3", "h4", "h5")
ZONES = {"h1": "s1/r1", "h2": "s1/r1", "h3": "s1/r2", "h4": "s2/r1", "h5": "s2/r2"}


def config(count: int, **words: Any) -> Config:
    """So many addresses in one group of five; ``words`` by number of the address."""
    vips = [
        {
            "address": f"10.1.0.{n}/16",
            "interfaces": ["eth0"],
            "group": "web",
            **words.get(f"v{n}", {}),
        }
        for n in range(count)
    ]
    group = {"name": "web", "voters": {h: [f"10.0.0.{n}"] for n, h in enumerate(HOSTS, 1)}}
    data = {"mode": "act", "vips": vips, "groups": [group]}
    return convert(parse(msgspec.json.encode(data), "test"), Config)


def fleet(weights: Mapping[str, float] = {}, **how: dict[str, Any]) -> list[dict[str, Any]]:
    """What gossip tells of the five; ``how`` changes single hosts."""
    return [
        {
            "name": name,
            "status": "alive",
            "health": "ok",
            "weight": weights.get(name, 1.0),
            "labels": {"zone": ZONES[name]},
            **how.get(name, {}),
        }
        for name in HOSTS
    ]


def place(
    config: Config,
    members: list[dict[str, Any]],
    before: Mapping[str, str] = {},
) -> dict[str, str]:
    """Who has each address once all have moved, each host's agent being asked for its own part.

    A rank leaves out the present holder, who does not ask for what it has: where he is to keep it
    his own rank is 0.
    """
    shares = loads(members, {})
    found = {name: ranking(Outlook(config, name, members, before, shares)) for name in HOSTS}
    after = {}
    for vip in found["h1"].ranks:
        holder = before.get(vip, "")
        stays = holder and found[holder].ranks[vip] == 0
        first = [n for n in HOSTS if n != holder and found[n].ranks[vip] == 0]
        assert len(first) == 1 or stays, f"one host asks for {vip} first"
        after[vip] = holder if stays else first[0]
    return after


def within_ten_percent(placed: dict[str, str], weights: dict[str, float]) -> bool:
    count, total = Counter(placed.values()), sum(weights.values())
    shares = {h: len(placed) * w / total for h, w in weights.items()}
    return all(abs(count[h] - share) <= max(1, 0.1 * share + 1e-9) for h, share in shares.items())


@pytest.mark.parametrize(
    "weights",
    [dict.fromkeys(HOSTS, 1.0), {"h1": 1.0, "h2": 2.0, "h3": 1.0, "h4": 0.5, "h5": 0.5}],
)
def test_100_addresses_over_5_hosts_within_ten_percent_and_a_loss_moves_only_its_own(weights):
    of = config(100)
    before = place(of, fleet(weights))
    assert within_ten_percent(before, weights)
    for lost in HOSTS:
        gone = fleet(weights, **{lost: {"status": "failed"}})
        after = place(of, gone, before)
        rest = {h: w for h, w in weights.items() if h != lost}
        assert within_ten_percent(after, rest), lost
        moved = {vip for vip, host in after.items() if host != before[vip]}
        assert moved == {vip for vip, host in before.items() if host == lost}


@pytest.mark.parametrize("how", [{"maintenance": "fans"}, {"unfit": "ServiceDown on service:db"}])
def test_a_host_in_maintenance_or_unfit_is_emptied_and_no_other_address_moves(how):
    of = config(30)
    before = place(of, fleet())
    after = place(of, fleet(h3=how), before)
    assert "h3" not in after.values()
    assert {v for v in after if after[v] != before[v]} == {v for v in before if before[v] == "h3"}
    members = fleet(h3=how)
    leaving = ranking(Outlook(of, "h3", members, before, loads(members, {}))).leave
    assert set(leaving) == {v for v in before if before[v] == "h3"}


def test_a_degraded_host_keeps_an_address_only_where_no_better_one_is():
    of = config(10)
    before = place(of, fleet())
    assert "h3" not in place(of, fleet(h3={"health": "degraded"}), before).values()
    all_bad = fleet(**{h: {"health": "degraded"} for h in HOSTS})
    assert place(of, all_bad, before) == before


def test_together_apart_and_zones_come_from_the_configuration():
    words = {f"v{n}": {"together": "shop"} for n in (0, 1)}
    words |= {f"v{n}": {"apart": "dns"} for n in (2, 3, 4)}
    placed = place(config(12, **words), fleet())
    assert placed["10.1.0.0"] == placed["10.1.0.1"]
    dns = [placed[f"10.1.0.{n}"] for n in (2, 3, 4)]
    assert len(set(dns)) == 3
    assert len({ZONES[h] for h in dns}) == 3, "no two in one rack"
    assert len({ZONES[h].partition("/")[0] for h in dns}) == 2, "and in both sites"


def test_a_new_host_takes_its_share_without_preemption_only_as_addresses_come_free():
    of = config(20)
    without = fleet(h5={"status": "failed"})
    before = place(of, without)
    members = fleet()
    shares = loads(members, {})
    leaving = {n: ranking(Outlook(of, n, members, before, shares)).leave for n in HOSTS}
    assert not any(leaving.values()), "what stands well stays, unless the group preempts"
