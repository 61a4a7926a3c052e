"""A host made up for the planner: components, alerts, and a kernel that does what verbs say."""

from typing import Any, NamedTuple

from hwagent.config import Config, Limits, Spare
from hwagent.model import (
    Action,
    Alert,
    AlertState,
    Component,
    Health,
    Mode,
    Outcome,
    Result,
    Severity,
)
from hwagent.respond import Done, Fleet, Planner, Run, Step, Verb

NOW = 1_700_000_000.0
TB = 10**12


class Seen(NamedTuple):
    """What the planner sees."""

    now: float
    components: dict[str, Component]
    alerts: list[Alert]
    config: Config
    maintenance: bool = False
    fleet: Fleet = Fleet()


def component(id: str, kind: str = "", health: Health = Health.OK, **parts: Any) -> Component:
    """A component; ``attributes`` and ``metrics`` as they are given."""
    return Component(
        id=id,
        kind=kind or id.partition(":")[0],
        health=health,
        reason=parts.get("reason", ""),
        attributes=parts.get("attributes", {}),
        metrics={"present": 1, **parts.get("metrics", {})},
    )


def disk(name: str, health: Health = Health.OK, size: int = 4 * TB, **attributes: Any) -> Component:
    """A whole disk with a world wide name."""
    return component(
        f"disk:wwn-{name}",
        health=health,
        attributes={"name": name, **attributes},
        metrics={"size_bytes": size, "state": "running"},
    )


def member(device: str, state: str = "in_sync", slot: int | None = 0) -> dict[str, Any]:
    """A member on the disk of the same letters."""
    name = device.rstrip("0123456789")
    return {"device": device, "state": state, "slot": slot, "disk": f"disk:wwn-{name}"}


_BEARS = {"raid5": 1, "raid6": 2, "raid10": 1, "raid0": 0}


def array(name: str, level: str, *members: dict[str, Any], **metrics: Any) -> Component:
    """An array whose size is 1 TB a member; its counts follow from its members."""
    held = sum(m["state"] == "in_sync" for m in members)
    disks = metrics.pop("raid_disks", len(members))
    bears = disks - 1 if level == "raid1" else _BEARS[level]
    data = 1 if level == "raid1" else disks / 2 if level == "raid10" else disks - bears
    counted = {
        "state": "clean",
        "level": level,
        "raid_disks": disks,
        "degraded": disks - held,
        "failures_survivable": bears - (disks - held),
        "sync_action": "idle",
        "rebuilding_disks": sum(m["state"] == "rebuilding" for m in members),
        "failed_disks": sum(m["state"] == "faulty" for m in members),
        "size_bytes": int(data * TB),
    }
    return component(
        f"array:{name}", attributes={"members": list(members)}, metrics={**counted, **metrics}
    )


def bond(name: str = "bond0", **metrics: Any) -> Component:
    """An active-backup bond of eno1 (active) and eno2."""
    return component(
        f"bond:{name}",
        attributes={"legs": ["nic:eno1", "nic:eno2"], "legs_dead": metrics.pop("dead", [])},
        metrics={"mode": "active-backup", "active_leg": "eno1", "standby_leg": "eno2", **metrics},
    )


def nic(name: str, health: Health = Health.OK, carrier: int = 1) -> Component:
    """An interface."""
    return component(f"nic:{name}", health=health, metrics={"carrier": carrier})


def config(mode: Mode = Mode.ACT, spares: tuple[str, ...] = (), **limits: Any) -> Config:
    """``spares`` are kernel names of disks."""
    declared = [Spare(disk=f"disk:wwn-{name}") for name in spares]
    return Config(mode=mode, spares=declared, limits=Limits(**limits))


def view(*components: Component, now: float = NOW, **parts: Any) -> Seen:
    """A view; by default in mode act."""
    return Seen(
        now,
        {c.id: c for c in components},
        parts.get("alerts", []),
        parts.get("config", config()),
        parts.get("maintenance", False),
        parts.get("fleet", Fleet()),
    )


def alert(
    component: str, *actions: str, state: AlertState = AlertState.FIRING, **parts: Any
) -> Alert:
    """A critical alert."""
    return Alert(
        rule=parts.get("rule", "Rule"),
        component=component,
        kind=component.partition(":")[0],
        state=state,
        severity=Severity.CRITICAL,
        since=NOW,
        actions=actions,
        inhibited_by=parts.get("inhibited_by", ""),
        labels=parts.get("labels", {}),
    )


def planner(seen: Seen) -> Planner:
    """A planner that knows that nothing was under way."""
    made = Planner(seen.config)
    made.reconcile(seen, [])
    return made


def action(name: str, component: str, **arguments: Any) -> Action:
    """An action as a person asks for it."""
    return Action(id="1", name=name, component=component, cause="by hand", arguments=arguments)


def verbs(step: Step) -> list[Verb]:
    """The verbs of a Run; fails the test for anything else."""
    assert isinstance(step, Run), step
    return list(step.verbs)


def refused(step: Step) -> str:
    """The reason of a refusal; fails the test for anything else."""
    assert isinstance(step, Done), step
    assert step.outcome.result is Result.REFUSED, step
    return step.outcome.detail


def outcome(run: Step, now: float, result: Result = Result.DONE, detail: str = "") -> Outcome:
    """What the actor reports of a Run."""
    assert isinstance(run, Run), run
    return Outcome(action=run.action, result=result, detail=detail, started=now, ended=now)
