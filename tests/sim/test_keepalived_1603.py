"""Hosts whose lists of addresses differ: never two owners.

keepalived issue 1603: two routers with unequal lists of virtual addresses drop each other's
adverts ("received an invalid address list") and both become master. Here a voter grants each
address for itself, whatever else a host claims.
"""

from tests.sim.plan import Plan, make
from tests.sim.world import run

#: Schedules; each has faults of its own besides the unequal lists.
SEEDS = range(5000, 5040)


def unequal(plan: Plan) -> Plan:
    """Each host lacks an address that the others have, and has one that only it has."""
    hosts = plan.hosts
    lists = {
        vip: tuple(h for h in hosts if h != hosts[n % len(hosts)]) or hosts
        for n, vip in enumerate(plan.lists)
    }
    return plan._replace(lists=lists | {f"only on {host}": (host,) for host in hosts})


def seen_by(plan: Plan, host: str) -> set[str]:
    return {vip for vip, hosts in plan.lists.items() if host in hosts}


def test_keepalived_issue_1603_unequal_vip_lists_never_give_two_owners() -> None:
    for seed in SEEDS:
        plan = unequal(make(seed))
        if len(plan.hosts) > 1:
            assert len({frozenset(seen_by(plan, host)) for host in plan.hosts}) == len(plan.hosts)
        world = run(plan)
        assert world.violations == [], f"seed {seed}"
        assert world.unserved == [], f"seed {seed}"
