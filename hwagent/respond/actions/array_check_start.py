"""Starts a check of a whole, idle array: every sector is read and compared.

Source: Documentation/admin-guide/md.rst, sync_action check.
"""

from typing import ClassVar

from hwagent.model import Action
from hwagent.respond.arrays import CHECKING, name_of, number
from hwagent.respond.base import ActionSpec, Verb, View


class ArrayCheckStart(ActionSpec):
    """A check slows the array, and is given up by md as soon as it must rebuild."""

    name: ClassVar = "array_check_start"
    kinds: ClassVar = frozenset({"array"})
    settle: ClassVar = 0.0

    def precondition(self, view: View, action: Action) -> str:
        """Only a redundant array that lacks nothing and does nothing."""
        array = view.components[action.component]
        doing = array.metrics.get("sync_action")
        if number(array, "degraded") is None:
            return f"{array.id} has no redundancy to check"
        if number(array, "degraded"):
            return f"{array.id} is degraded"
        return "" if doing == "idle" else f"{array.id} is busy: {doing}"

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """``check`` only counts differences; ``repair`` would overwrite one side."""
        arguments = {"array": name_of(action.component), "action": "check"}
        return (Verb("md_sync_action", arguments),)

    def verify(self, view: View, action: Action) -> bool | None:
        """It is being checked; if it is not, a small array may be done already."""
        array = view.components.get(action.component)
        if array is None:
            return None
        return True if array.metrics.get("sync_action") in CHECKING else None


ACTION = ArrayCheckStart
