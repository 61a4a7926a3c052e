"""Takes a dying disk out of its arrays while they still have the redundancy to lose it.

A spare is attached first, so that md begins to rebuild at the moment the member is failed. Without
a spare it is done only where the array stays redundant. Source: Documentation/admin-guide/md.rst.
"""

from typing import Any, ClassVar

import msgspec

from hwagent.model import Action, Component
from hwagent.respond.arrays import CHECKING, arrays, member, members, name_of, serves, spares
from hwagent.respond.base import ActionSpec, Target, Verb, View, arguments_of
from hwagent.respond.spares import choose


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """``member`` is the kernel name of the member that is to go, ``spare`` of what comes."""

    member: str = ""
    spare: str = ""


class ArrayReplaceMember(ActionSpec):
    """Of a disk: in all its arrays, one after the other."""

    name: ClassVar = "array_replace_member"
    kinds: ClassVar = frozenset({"array", "disk"})
    disruptive: ClassVar = True
    rebuilds: ClassVar = True
    arguments: ClassVar = Arguments

    def targets(self, view: View, component: str, arguments: dict[str, Any]) -> list[Target]:
        """The arrays that hold the disk as a working member; or the array that was named, and the
        member that the kernel wants to be replaced unless one was named too."""
        if component.startswith("array:"):
            array = view.components.get(component)
            named = {**_worn(array), **arguments} if array else arguments
            return [Target(component, _with_spare(view, array, named))]
        found = []
        for array in arrays(view):
            for one in members(array):
                if one.disk == component and one.state in ("in_sync", "replacement"):
                    chosen = _with_spare(view, array, {"member": one.device})
                    found.append(Target(array.id, chosen))
        return found

    def precondition(self, view: View, action: Action) -> str:
        """It must be a member that works."""
        array = view.components[action.component]
        if array.kind == "disk":
            return f"{array.id} is a working member of no array"
        wanted = arguments_of(action, Arguments).member
        found = member(array, wanted)
        if found is None:
            return f"{wanted or 'nothing'} is no member of {array.id}: give member=DEVICE"
        if found.state not in ("in_sync", "replacement"):
            return f"{wanted} is {found.state} in {array.id}"
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """Ends a check, which would hold the rebuild up; adds the spare; fails the member."""
        array, name = view.components[action.component], name_of(action.component)
        wanted = arguments_of(action, Arguments)
        steps = []
        if array.metrics.get("sync_action") in CHECKING:
            steps.append(Verb("md_sync_action", {"array": name, "action": "idle"}))
        if wanted.spare and not spares(array):
            steps.append(Verb("md_add", {"array": name, "device": wanted.spare}))
        failed = {"array": name, "member": wanted.member, "to": "faulty"}
        return (*steps, Verb("md_set_member", failed))

    def verify(self, view: View, action: Action) -> bool | None:
        """The member works no more in the array."""
        there = serves(view, action.component, arguments_of(action, Arguments).member)
        return None if there is None else not there


def _worn(array: Component) -> dict[str, Any]:
    """A working member that refused a write, or that wants to be replaced."""
    for one in members(array):
        if one.state == "in_sync" and {"write_error", "want_replacement"} & set(one.flags):
            return {"member": one.device}
    return {}


def _with_spare(view: View, array: Component | None, arguments: dict[str, Any]) -> dict[str, Any]:
    """Names the spare in the intent, unless one is attached or named already."""
    if array is None or spares(array) or arguments.get("spare"):
        return arguments
    disk, _ = choose(view, array)
    return {**arguments, "spare": disk.attributes["name"]} if disk else arguments


ACTION = ArrayReplaceMember
