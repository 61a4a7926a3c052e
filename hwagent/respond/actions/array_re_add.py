"""Takes a faulty member back whose disk is well again: a path that was lost and came back.

With a write-intent bitmap only what changed is copied. Source: md.rst, dev-*/state re-add.
"""

from typing import Any, ClassVar

import msgspec

from hwagent.model import Action, Component, Health
from hwagent.respond.arrays import Member, member, members, name_of, number, serves
from hwagent.respond.base import ActionSpec, Target, Verb, View, arguments_of


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """``member`` is the kernel name of the faulty member."""

    member: str = ""


class ArrayReAdd(ActionSpec):
    """One member at a time."""

    name: ClassVar = "array_re_add"
    kinds: ClassVar = frozenset({"array"})
    disruptive: ClassVar = True
    rebuilds: ClassVar = True
    repeats: ClassVar = True
    arguments: ClassVar = Arguments

    def targets(self, view: View, component: str, arguments: dict[str, Any]) -> list[Target]:
        """The first faulty member whose disk is well is named in the intent."""
        array = view.components.get(component)
        if arguments or array is None:
            return [Target(component, arguments)]
        back = next((m for m in members(array) if _is_back(view, m)), None)
        return [Target(component, {"member": back.device} if back else {})]

    def relies_on(self, view: View, action: Action) -> tuple[str, ...]:
        """The array, and the disk that is said to be well."""
        array = view.components.get(action.component)
        found = member(array, arguments_of(action, Arguments).member) if array else None
        return (action.component, found.disk) if found else (action.component,)

    def precondition(self, view: View, action: Action) -> str:
        """The array must run without the member, and the member's disk be well."""
        array = view.components[action.component]
        bears = number(array, "failures_survivable")
        if bears is None or bears < 0:
            return f"{array.id} does not run: what is current cannot be told"
        if not number(array, "degraded"):
            return f"{array.id} lacks no member"
        if not arguments_of(action, Arguments).member:
            return f"no faulty member of {array.id} is on a disk that is well again"
        found = member(array, arguments_of(action, Arguments).member)
        if found is None or not _is_back(view, found):
            return "its disk is not well again"
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """Re-add, never add: what was written to the disk meanwhile must be known by its bitmap."""
        device = arguments_of(action, Arguments).member
        return (Verb("md_re_add", {"array": name_of(action.component), "device": device}),)

    def verify(self, view: View, action: Action) -> bool | None:
        """It is a member that is not faulty."""
        return serves(view, action.component, arguments_of(action, Arguments).member)


def _is_back(view: View, member: Member) -> bool:
    disk: Component | None = view.components.get(member.disk)
    if member.state != "faulty" or disk is None or disk.metrics.get("present") == 0:
        return False
    # The errors of a path that was lost are told of for an hour; one that goes on has the member
    # fail again, which costs nothing that the array still has
    well = disk.health in (Health.OK, Health.DEGRADED)
    return well and disk.metrics.get("state") in ("running", "live")


ACTION = ArrayReAdd
