"""Ends a check of an array, because the host needs its disks for something else.

Source: Documentation/admin-guide/md.rst, sync_action idle.
"""

from typing import ClassVar

from hwagent.model import Action
from hwagent.respond.arrays import CHECKING, name_of
from hwagent.respond.base import ActionSpec, Verb, View


class ArrayCheckPause(ActionSpec):
    """Checks only: nothing that restores redundancy is ever stopped."""

    name: ClassVar = "array_check_pause"
    kinds: ClassVar = frozenset({"array"})

    def precondition(self, view: View, action: Action) -> str:
        """It must be checking."""
        doing = view.components[action.component].metrics.get("sync_action")
        return "" if doing in CHECKING else f"{action.component} is not being checked but {doing}"

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """``idle`` ends it; md remembers in its superblock how far it came."""
        arguments = {"array": name_of(action.component), "action": "idle"}
        return (Verb("md_sync_action", arguments),)

    def verify(self, view: View, action: Action) -> bool | None:
        """It is checking no more."""
        array = view.components.get(action.component)
        if array is None or "sync_action" not in array.metrics:
            return None
        return array.metrics["sync_action"] not in CHECKING


ACTION = ArrayCheckPause
