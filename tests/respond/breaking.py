"""For every guard a scenario in which it alone stands between a careless action and harm."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hwagent.config import Config, Spare
from hwagent.config.schema import FleetLimits
from hwagent.model import Action, Health, Mode, Outcome, Result
from hwagent.respond import ActionSpec, Fleet, Planner, Verb
from tests.respond.making import (
    NOW,
    Seen,
    alert,
    array,
    bond,
    component,
    config,
    disk,
    member,
    nic,
    view,
)


class Careless(ActionSpec):
    """An action that looks at nothing."""

    name = "careless"
    kinds = frozenset({"array", "bond", "disk"})

    def __init__(self, *verbs: Verb, disruptive: bool = False) -> None:
        self._verbs = verbs
        self.disruptive = disruptive
        self.rebuilds = any(v.name in ("md_add", "md_re_add") for v in verbs)

    def precondition(self, view: Any, action: Action) -> str:
        """Always."""
        return ""

    def verbs(self, view: Any, action: Action) -> tuple[Verb, ...]:
        """Whatever it was told to do."""
        return self._verbs


class Scenario(NamedTuple):
    """``seen`` and ``spec`` as they are; ``before`` is what the planner went through already."""

    seen: Seen
    spec: ActionSpec
    on: str = "array:md0"
    reason: str = ""
    before: Callable[[Planner, Seen], None] = lambda planner, seen: None
    labels: dict[str, str] = {}


def fail(device: str = "sda1", array: str = "md0") -> Verb:
    """Fail a member."""
    return Verb("md_set_member", {"array": array, "member": device, "to": "faulty"})


def add(device: str = "sdc", array: str = "md0") -> Verb:
    """Add a disk."""
    return Verb("md_add", {"array": array, "device": device})


CHECK = Verb("md_sync_action", {"array": "md0", "action": "check"})
LEG = Verb("bond_active", {"bond": "bond0", "leg": "eno2"})
SPARE = config(spares=("sdc",))
PAIR = array("md0", "raid1", member("sda1"), member("sdb1", slot=1))
HALF = array("md0", "raid1", member("sda1"), raid_disks=2)
SIX = array("md0", "raid6", *(member(f"sd{c}1", slot=n) for n, c in enumerate("abdefg")))
LACKING = array(
    "md0", "raid6", *(member(f"sd{c}1") for c in "abdef"), member("sdg", "spare"), raid_disks=6
)  # fmt: skip
FILLING = array("md1", "raid1", member("sdb2"), member("sda2", "rebuilding"), sync_action="recover")
BAD = Health.FAILED
DISKS = (disk("sda"), disk("sdb"), disk("sdc"))


#: Fewer in the fleet than this host alone may do.
FEW = FleetLimits(disruptive_per_hour=6)


def _failed(times: int, ago: float) -> Callable[[Planner, Seen], None]:
    def before(planner: Planner, seen: Seen) -> None:
        planner.remember([_past(Result.FAILED, NOW - ago - n) for n in reversed(range(times))])

    return before


def _past(result: Result, at: float, name: str = "careless") -> Outcome:
    done = Action(id=str(at), name=name, component="array:md0", cause="")
    return Outcome(action=done, result=result, started=at, ended=at)


def _interrupted(planner: Planner, seen: Seen) -> None:
    planner.remember([_past(Result.UNCERTAIN, NOW - 9000)])


def _under_way(planner: Planner, seen: Seen) -> None:
    steps = planner.plan(seen, [alert("array:md0", "array_check_start", rule="Other")])
    assert len(steps) == 1


def _busy_hour(planner: Planner, seen: Seen) -> None:
    planner.remember([_past(Result.DONE, NOW - n, "bond_failover") for n in (3000, 2000)])


SCENARIOS: dict[str, Scenario] = {
    "mode": Scenario(view(PAIR, config=config(Mode.OBSERVE)), Careless(CHECK), reason="observe"),
    "maintenance": Scenario(view(PAIR, maintenance=True), Careless(CHECK), reason="maintenance"),
    "real": Scenario(view(PAIR), Careless(CHECK), labels={"drill": "true"}, reason="drill"),
    "known": Scenario(
        view(component("array:md0", health=Health.UNKNOWN, reason="degraded: EIO")),
        Careless(CHECK),
        reason="the state of array:md0 is unknown: degraded: EIO",
    ),
    "one_at_a_time": Scenario(
        view(PAIR), Careless(CHECK), before=_under_way, reason="array_check_start is under way"
    ),
    "last_good_leg": Scenario(
        view(bond(dead=["eno2"], standby_leg="none"), nic("eno1"), nic("eno2")),
        Careless(LEG),
        "bond:bond0",
        reason="eno2 is not a good leg of bond:bond0: the bond takes it for dead",
    ),
    "array_whole": Scenario(
        view(LACKING, *DISKS),
        Careless(fail()),
        reason="array:md0 is degraded",
    ),
    "last_good_member": Scenario(
        view(PAIR, disk("sda", BAD), disk("sdb", BAD), disk("sdc"), config=SPARE),
        Careless(add(), fail()),
        reason="would depend on disks that are failing too: sdb1",
    ),
    "redundancy": Scenario(
        view(PAIR, *DISKS),
        Careless(fail()),
        reason="array:md0 would run without redundancy after sda1, and has no spare",
    ),
    "member_before": Scenario(
        view(HALF, *DISKS),
        Careless(Verb("md_re_add", {"array": "md0", "device": "sdc"})),
        reason="sdc is no faulty member of md0",
    ),
    "spare_declared": Scenario(
        view(HALF, *DISKS), Careless(add()), reason="disk:wwn-sdc is not declared as a spare of md0"
    ),
    "spare_identity": Scenario(
        view(
            HALF,
            component("disk:sdc", attributes={"name": "sdc"}, metrics={"size_bytes": 4 * 10**12}),
            config=Config(mode=Mode.ACT, spares=[Spare(disk="disk:sdc")]),
        ),
        Careless(add()),
        reason="disk:sdc has no identity that survives a reboot",
    ),
    "spare_well": Scenario(
        view(HALF, disk("sdc", Health.FAILED), config=SPARE),
        Careless(add()),
        reason="disk:wwn-sdc is failed",
    ),
    "spare_free": Scenario(
        view(HALF, disk("sdc", arrays=["array:md9"]), config=SPARE),
        Careless(add()),
        reason="disk:wwn-sdc is in use: arrays array:md9",
    ),
    "spare_size": Scenario(
        view(HALF, disk("sdc", size=10**9), config=SPARE),
        Careless(add()),
        reason="disk:wwn-sdc has 1000000000 bytes, a member needs 1000000000000",
    ),
    "certain": Scenario(
        view(PAIR), Careless(CHECK), before=_interrupted, reason="not known whether it took effect"
    ),
    "tries": Scenario(
        view(PAIR), Careless(CHECK), before=_failed(3, 9000), reason="given up after 3 failures"
    ),
    "cooldown": Scenario(
        view(PAIR), Careless(CHECK), before=_failed(1, 599), reason="it failed less than 600 s ago"
    ),
    "rebuilds": Scenario(
        view(
            HALF,
            FILLING,
            *DISKS,
            config=SPARE,
        ),
        Careless(add()),
        reason="1 rebuilds are under way on array:md1, limits.rebuilds is 1",
    ),
    "storm": Scenario(
        view(PAIR, fleet=Fleet(storm="storm: 3 of 5 hosts")),
        Careless(CHECK, disruptive=True),
        reason="storm: 3 of 5 hosts",
    ),
    "settled": Scenario(
        view(PAIR, now=NOW + 4, fleet=Fleet(settle=5.0)),
        Careless(CHECK, disruptive=True),
        reason="other hosts may report the same",
    ),
    "fleet_rebuild": Scenario(
        view(HALF, *DISKS, config=SPARE, fleet=Fleet(permits=True, why={"rebuild": "held by h2"})),
        Careless(add()),
        reason="the fleet has given no permit to rebuild: held by h2",
    ),
    "fleet_per_hour": Scenario(
        view(
            PAIR,
            fleet=Fleet(permits=True, held={"disruptive": 3}, done=5),
            config=config(fleet=FEW),
        ),
        Careless(CHECK, disruptive=True),
        before=_busy_hour,
        reason="7 disruptive actions in the fleet within an hour",
    ),
    "per_hour": Scenario(
        view(PAIR, config=config(disruptive_per_hour=2)),
        Careless(CHECK, disruptive=True),
        before=_busy_hour,
        reason="2 disruptive actions within an hour, limits.disruptive_per_hour is 2",
    ),
}  # fmt: skip
