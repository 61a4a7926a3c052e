"""Rebuilds and storms in a fleet, by several agents' cores in virtual time."""

from pathlib import Path

import pytest

from hwagent.model import Result
from tests.daemon.fleet_cores import Fleet, Member

#: The tests wait in virtual time only, but a busy machine may take long for that.
pytestmark = pytest.mark.timeout(1800)

#: Longer than the lease of permits: until then agents that have started ask for none.
WARM = 40
STORM = {"share": 0.5, "members": 2, "window": "2m", "settle": "5s"}


def pull(*hosts: Member) -> None:
    for host in hosts:
        host.sim.server.pull("sda")


def whole(fleet: Fleet) -> bool:
    return not any(host.degraded() for host in fleet.hosts())


def one_rebuilds(fleet: Fleet) -> Member:
    """Until one of the hosts rebuilds."""
    assert fleet.until(lambda: any(h.rebuilding() for h in fleet.hosts()), 120)
    return next(h for h in fleet.hosts() if h.rebuilding())


def test_one_rebuild_at_a_time_and_the_next_goes_on_by_itself(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.run(WARM)
    pull(*fleet.hosts())
    assert fleet.until(lambda: whole(fleet), 400)
    assert fleet.most == 1
    for host in fleet.hosts():
        assert len(host.outcomes(Result.DONE)) == 1
    told = [detail for host in fleet.hosts() for detail in host.outcomes(Result.REFUSED)]
    assert all("(guard fleet_" in detail for detail in told)
    assert len(told) >= 2


def test_an_agent_that_restarts_in_its_rebuild_is_waited_for(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.run(WARM)
    pull(*fleet.hosts())
    first = one_rebuilds(fleet)
    first.kill()
    fleet.step()
    first.start()
    assert fleet.until(lambda: not first.rebuilding(), 200)
    assert fleet.most == 1
    assert fleet.until(lambda: whole(fleet), 400)
    assert fleet.most == 1


def test_a_crash_of_the_holder_frees_its_permit_after_the_lease(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.run(WARM)
    pull(*fleet.hosts())
    first = one_rebuilds(fleet)
    first.kill()
    first.sim.server.array("md0").sync_action = "idle"  # the whole host is down
    others = [h for h in fleet.hosts() if h is not first]
    began = fleet.time
    assert fleet.until(lambda: any(h.rebuilding() for h in others), 200)
    assert fleet.time - began > 15, "not before its lease is over"


def test_without_a_quorum_nothing_begins_and_it_goes_on_when_there_is_one(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.run(WARM)
    one, two, three = fleet.hosts()
    one.reachable = two.reachable = False
    fleet.run(15)
    pull(three)
    fleet.run(60)
    assert three.degraded()
    assert three.permits is not None
    why = three.sim.core.fleet.why["rebuild"]
    assert why == "no quorum: 1 of 3 voters answer"
    assert three.outcomes(Result.REFUSED)[0].startswith("the fleet has given no permit to rebuild")
    one.reachable = two.reachable = True
    assert fleet.until(lambda: not three.degraded(), 200)


def test_so_many_disruptive_actions_an_hour_in_the_fleet(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, disruptive_per_hour=2)
    fleet.run(WARM)
    pull(*fleet.hosts())
    assert fleet.until(lambda: sum(h.degraded() for h in fleet.hosts()) == 1, 300)
    fleet.run(60)
    (last,) = [h for h in fleet.hosts() if h.degraded()]
    assert not last.rebuilding()
    told = last.outcomes(Result.REFUSED)[-1]
    assert "2 disruptive actions in the fleet within an hour" in told
    fleet.time += 3600
    assert fleet.until(lambda: whole(fleet), 300)


@pytest.mark.parametrize("ends", ["released", "by itself"])
def test_in_a_storm_all_alert_and_none_acts_until_it_is_over(tmp_path: Path, ends: str) -> None:
    fleet = Fleet(tmp_path, storm=STORM)
    fleet.run(WARM)
    pull(*fleet.hosts())
    fleet.run(60)
    for host in fleet.hosts():
        assert "FleetStorm" in host.firing()
        assert host.sim.core.health() == "failed", "for its own array, not for the storm"
        assert not host.outcomes(Result.DONE)
        told = "storm: new critical alerts on 3 of 3"
        assert any(told in detail for detail in host.outcomes(Result.REFUSED))
    if ends == "released":
        fleet.released = fleet.time
    assert fleet.until(lambda: whole(fleet), 500)
    assert fleet.most == 1, "and then one after the other"
    assert not any("FleetStorm" in host.firing() for host in fleet.hosts())


def test_trouble_of_one_host_is_no_storm(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, storm=STORM)
    fleet.run(WARM)
    pull(fleet.members["h2"])
    assert fleet.until(lambda: whole(fleet), 200)
    assert not any("FleetStorm" in host.firing() for host in fleet.hosts())
