"""Detaches faulty members, which hold no current data and can keep a spare out of its slot.

Not while a member might come back: see array_re_add. Source: mdadm(8), --remove.
"""

from typing import ClassVar

from hwagent.model import Action, Component, Health
from hwagent.respond.arrays import Member, members, name_of, number
from hwagent.respond.base import ActionSpec, Verb, View


class ArrayRemoveFaulty(ActionSpec):
    """All that are faulty for good."""

    name: ClassVar = "array_remove_faulty"
    kinds: ClassVar = frozenset({"array"})

    def precondition(self, view: View, action: Action) -> str:
        """There must be one."""
        array = view.components[action.component]
        if not any(m.state == "faulty" for m in members(array)):
            return f"{array.id} has no faulty member"
        if not _lost(view, array):
            return f"the faulty members of {array.id} may come back"
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """One removal for each."""
        array = view.components[action.component]
        return tuple(
            Verb("md_set_member", {"array": name_of(array.id), "member": m.device, "to": "remove"})
            for m in _lost(view, array)
        )

    def verify(self, view: View, action: Action) -> bool | None:
        """None of those is attached any more."""
        array = view.components.get(action.component)
        return None if array is None else not _lost(view, array)


def _lost(view: View, array: Component) -> list[Member]:
    """Faulty members that nobody waits for: the array is whole without them, a spare takes their
    place, or their disk is failing or gone."""
    faulty = [m for m in members(array) if m.state == "faulty"]
    if _whole(array) or number(array, "rebuilding_disks"):
        return faulty
    return [m for m in faulty if _hopeless(view.components.get(m.disk))]


def _whole(array: Component) -> bool:
    """By both: one that fails while its array is looked at is in one of them only."""
    working = sum(m.state == "in_sync" for m in members(array))
    return number(array, "degraded") == 0 and working >= (number(array, "raid_disks") or 0)


def _hopeless(disk: Component | None) -> bool:
    return disk is None or disk.health is Health.FAILED or disk.metrics.get("present") == 0


ACTION = ArrayRemoveFaulty
