"""Guards: what stands between a plan and the hardware. Pure.

A guard reads the verbs of an attempt, not the intention behind them, so that no action can evade
it. Each is a function that says why not, or nothing; the table at the end is all of them, in the
order in which they are asked. They hold for people too, but where one says otherwise.
"""

from collections.abc import Callable
from typing import NamedTuple

from hwagent.model import Component, Health, Mode

from .arrays import (
    array_named,
    arrays,
    member,
    members,
    name_of,
    number,
    rebuilding,
    sound,
    spares,
)
from .attempt import Attempt, adding, limit, losses, restructures, verbs_named
from .base import View
from .fleet_guards import fleet_per_hour, fleet_rebuild, settled, storm
from .spares import in_use, too_small, undeclared, unstable, unwell


class Guard(NamedTuple):
    """A named reason not to act; ``check`` returns it, or an empty text."""

    name: str
    check: Callable[[Attempt], str]


class Refusal(NamedTuple):
    """Which guard refused, and why."""

    guard: str
    reason: str


def refusal(attempt: Attempt) -> Refusal | None:
    """The first guard that refuses, or None."""
    for guard in GUARDS:
        if reason := guard.check(attempt):
            return Refusal(guard.name, reason)
    return None


# What is not known, not real or not ours to touch


def known(attempt: Attempt) -> str:
    """Nothing is done on the strength of a state that could not be read."""
    for id in attempt.relies_on:
        component = attempt.view.components.get(id)
        if component is None or component.metrics.get("present") == 0:
            return f"{id} is not there"
        if component.health is Health.UNKNOWN:
            return f"the state of {id} is unknown: {component.reason or 'it cannot be read'}"
    return ""


def real(attempt: Attempt) -> str:
    """What a drill or a simulation made up is never acted upon."""
    marks = [attempt.labels]
    for id in (attempt.action.component, *attempt.relies_on):
        if component := attempt.view.components.get(id):
            marks.append(component.attributes)
    for mark in marks:
        for word in ("drill", "simulated"):
            if mark.get(word) not in (None, False, "", "false"):
                return f"it is not real: marked {word}"
    return ""


def one_at_a_time(attempt: Attempt) -> str:
    """One action on a component at a time."""
    entry = attempt.ledger.running.get(attempt.action.component)
    return f"{entry.action.name} is under way on {attempt.action.component}" if entry else ""


# Bonds


def last_good_leg(attempt: Attempt) -> str:
    """A bond is moved only to a leg that is known to be good."""
    for verb in verbs_named(attempt, "bond_active"):
        bond = attempt.view.components.get(f"bond:{verb.arguments['bond']}")
        leg = str(verb.arguments["leg"])
        if bond is None:
            return f"there is no bond {verb.arguments['bond']}"
        if why := _bad_leg(attempt.view, bond, leg):
            return f"{leg} is not a good leg of {bond.id}: {why}"
    return ""


def _bad_leg(view: View, bond: Component, leg: str) -> str:
    legs = bond.attributes.get("legs", ())
    if leg not in [name_of(id) for id in legs]:
        return "it is none of its legs"
    if leg in bond.attributes.get("legs_dead", ()):
        return "the bond takes it for dead"
    interface = next((view.components.get(id) for id in legs if name_of(id) == leg), None)
    if interface is not None and interface.health is Health.FAILED:
        return interface.reason or "it has failed"
    if interface is not None and interface.metrics.get("carrier") == 0:
        return "it has no carrier"
    if bond.metrics.get("standby_leg") == leg or interface is not None:
        return ""
    return "its state is not known"


# Arrays


def array_whole(attempt: Attempt) -> str:
    """No member is taken out of an array that lacks one, or that is filling one."""
    for name, loss in losses(attempt).items():
        array = loss.array
        if array is None:
            return f"there is no array {name}"
        if "degraded" not in array.metrics or "sync_action" not in array.metrics:
            return f"it is not known whether {array.id} is whole"
        if number(array, "degraded"):
            return f"{array.id} is degraded"
        if rebuilding(array):
            return f"{array.id} is being rebuilt"
    return ""


def last_good_member(attempt: Attempt) -> str:
    """What is left must hold the data, and on disks that are not failing themselves."""
    for name, loss in losses(attempt).items():
        bears = number(loss.array, "failures_survivable") if loss.array else None
        if loss.array is None or bears is None or bears < len(loss.devices):
            return f"array:{name} does not survive the loss of {', '.join(loss.devices)}"
        holding = [m for m in members(loss.array) if m.state == "in_sync"]
        staying = [m for m in holding if m.device not in loss.devices]
        good = [m for m in staying if sound(attempt.view, m)]
        if len(good) < len(holding) - bears:
            bad = ", ".join(m.device for m in staying if m not in good)
            return f"array:{name} would depend on disks that are failing too: {bad}"
    return ""


def redundancy(attempt: Attempt) -> str:
    """An array is not left without redundancy unless a spare begins to restore it at once."""
    adding = {v.arguments["array"] for v in verbs_named(attempt, "md_add")}
    for name, loss in losses(attempt).items():
        waiting = loss.array is not None and spares(loss.array)
        bears = number(loss.array, "failures_survivable") if loss.array else None
        if (bears or 0) <= len(loss.devices) and name not in adding and not waiting:
            gone = ", ".join(loss.devices)
            return f"array:{name} would run without redundancy after {gone}, and has no spare"
    return ""


def member_before(attempt: Attempt) -> str:
    """Only a faulty member that is still attached is taken back."""
    for verb in verbs_named(attempt, "md_re_add"):
        array = array_named(attempt.view, verb.arguments["array"])
        found = member(array, verb.arguments["device"]) if array else None
        if found is None or found.state != "faulty":
            return f"{verb.arguments['device']} is no faulty member of {verb.arguments['array']}"
    return ""


# Spares: a disk that holds anything is never written to


def spare_declared(attempt: Attempt) -> str:
    """A disk is added only if the configuration names it."""
    for array, disk, device in adding(attempt):
        if array is None or disk is None:
            return f"{device} is no disk that is known"
        if why := undeclared(attempt.view, array, disk):
            return why
    return ""


def spare_identity(attempt: Attempt) -> str:
    """It must be known by something that does not change over a reboot."""
    return next((why for _, disk, _ in adding(attempt) if disk and (why := unstable(disk))), "")


def spare_well(attempt: Attempt) -> str:
    """It must be there and not failing itself."""
    return next((why for _, disk, _ in adding(attempt) if disk and (why := unwell(disk))), "")


def spare_free(attempt: Attempt) -> str:
    """Nothing may hold it, and no signature be known on it."""
    for _, disk, _ in adding(attempt):
        if disk and (why := in_use(attempt.view, disk)):
            return why
    return ""


def spare_size(attempt: Attempt) -> str:
    """It must be large enough."""
    for array, disk, _ in adding(attempt):
        if array and disk and (why := too_small(array, disk)):
            return why
    return ""


# How much


def rebuilds(attempt: Attempt) -> str:
    """One rebuild at a time: each one slows the host and leaves an array without redundancy."""
    if not restructures(attempt):
        return ""
    busy = {a.id for a in arrays(attempt.view) if rebuilding(a)} | set(attempt.ledger.rebuilding())
    if len(busy) >= attempt.view.config.limits.rebuilds:
        where = f" on {', '.join(sorted(busy))}" if busy else ""
        return f"{len(busy)} rebuilds are under way{where}, {limit(attempt, 'rebuilds')}"
    return ""


def per_hour(attempt: Attempt) -> str:
    """So many disruptive actions an hour: an agent that errs must not err fast."""
    if not attempt.disruptive:
        return ""
    done = attempt.ledger.disruptive(attempt.view.now)
    if done < attempt.view.config.limits.disruptive_per_hour:
        return ""
    return f"{done} disruptive actions within an hour, {limit(attempt, 'disruptive_per_hour')}"


def cooldown(attempt: Attempt) -> str:
    """After a failure the same is not tried again at once."""
    last = attempt.ledger.failures(attempt.key).last
    wait = float(attempt.view.config.limits.cooldown)
    if last is not None and attempt.view.now < last + wait:
        return f"it failed less than {wait:g} s ago"
    return ""


def tries(attempt: Attempt) -> str:
    """After so many failures it is given up until the alert ends; a person may try again."""
    count = attempt.ledger.failures(attempt.key).count
    if attempt.by_hand or count < attempt.view.config.limits.tries:
        return ""
    return f"given up after {count} failures"


def certain(attempt: Attempt) -> str:
    """What may have been done already is not done again; a person may, having looked."""
    if attempt.by_hand or not attempt.ledger.uncertain(attempt.key):
        return ""
    return "an earlier run was interrupted, and it is not known whether it took effect"


# Whether at all


def maintenance(attempt: Attempt) -> str:
    """In maintenance a person works on the host; the agent does nothing by itself."""
    return "the host is in maintenance" if attempt.view.maintenance and not attempt.by_hand else ""


def mode(attempt: Attempt) -> str:
    """Nothing is done unless the configuration says so. A rehearsal does nothing."""
    if attempt.view.config.mode is Mode.OBSERVE:
        return "the mode is observe: set `mode: act` (or dry_run) in the configuration"
    return ""


GUARDS: tuple[Guard, ...] = (
    Guard("mode", mode),
    Guard("maintenance", maintenance),
    Guard("real", real),
    Guard("known", known),
    Guard("one_at_a_time", one_at_a_time),
    Guard("last_good_leg", last_good_leg),
    Guard("array_whole", array_whole),
    Guard("last_good_member", last_good_member),
    Guard("redundancy", redundancy),
    Guard("member_before", member_before),
    Guard("spare_declared", spare_declared),
    Guard("spare_identity", spare_identity),
    Guard("spare_well", spare_well),
    Guard("spare_free", spare_free),
    Guard("spare_size", spare_size),
    Guard("certain", certain),
    Guard("tries", tries),
    Guard("cooldown", cooldown),
    Guard("storm", storm),
    Guard("settled", settled),
    Guard("rebuilds", rebuilds),
    Guard("per_hour", per_hour),
    Guard("fleet_rebuild", fleet_rebuild),
    Guard("fleet_per_hour", fleet_per_hour),
)
