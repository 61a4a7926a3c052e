"""An action that would be begun now, and what guards read of it. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hwagent.model import Action, Component

from .arrays import array_named, member
from .base import Verb, View
from .fleet import DISRUPTIVE, REBUILD
from .ledger import Key, Ledger
from .spares import disk_of_device


class Attempt(msgspec.Struct, frozen=True):
    """An action that would be begun now, with all that guards may judge it by.

    ``since`` is when the alert began that asks for it.
    """

    view: View
    action: Action
    verbs: tuple[Verb, ...]
    ledger: Ledger
    relies_on: tuple[str, ...] = ()
    disruptive: bool = False
    by_hand: bool = False
    labels: dict[str, str] = {}
    since: float = 0.0

    @property
    def key(self) -> Key:
        """Name and component."""
        return self.action.name, self.action.component


class Loss(NamedTuple):
    """An array, if it is known, and the devices that it would lose."""

    array: Component | None
    devices: list[str]


def permits(attempt: Attempt) -> set[str]:
    """The kinds of permits that an action needs in a fleet."""
    needed = {DISRUPTIVE} if attempt.disruptive else set()
    return needed | ({REBUILD} if restructures(attempt) else set())


def restructures(attempt: Attempt) -> bool:
    """Whether an array loses or gains a member: then it is rebuilt."""
    adds = any(verb.name in ("md_add", "md_re_add") for verb in attempt.verbs)
    return adds or bool(losses(attempt))


def verbs_named(attempt: Attempt, name: str) -> Iterator[Verb]:
    """The verbs of one name."""
    return (verb for verb in attempt.verbs if verb.name == name)


def losses(attempt: Attempt) -> dict[str, Loss]:
    """Arrays that would lose members, by name."""
    found: dict[str, Loss] = {}
    for verb in verbs_named(attempt, "md_set_member"):
        if verb.arguments["to"] != "faulty":
            continue
        name, device = verb.arguments["array"], verb.arguments["member"]
        array = array_named(attempt.view, name)
        lost = member(array, device) if array else None
        # a spare or a member that is faulty already holds nothing that could be lost
        if lost is None or lost.state not in ("spare", "faulty"):
            found.setdefault(name, Loss(array, [])).devices.append(device)
    return found


def adding(attempt: Attempt) -> Iterator[tuple[Component | None, Component | None, str]]:
    """Disks that would be written to, each with its array and kernel name."""
    for verb in verbs_named(attempt, "md_add"):
        device = str(verb.arguments["device"])
        array = array_named(attempt.view, verb.arguments["array"])
        yield array, disk_of_device(attempt.view, device), device


def limit(attempt: Attempt, name: str) -> str:
    """A limit of the configuration, in words."""
    return f"limits.{name} is {getattr(attempt.view.config.limits, name)}"
