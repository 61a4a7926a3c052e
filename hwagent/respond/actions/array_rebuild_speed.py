"""Bounds the speed at which an array is rebuilt: faster in need, slower under load.

Source: Documentation/admin-guide/md.rst, sync_speed_min and sync_speed_max.
"""

from typing import Annotated, ClassVar

import msgspec

from hwagent.model import Action
from hwagent.respond.arrays import name_of, number
from hwagent.respond.base import ActionSpec, Verb, View, arguments_of

Speed = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
_KIB = 1024


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """KiB/s for each member; 0 is the system's own. By default at least 50 MiB/s, where the
    kernel guarantees 1000 KiB/s, so that a rebuild does not starve beside other I/O."""

    minimum_kib: Speed = 51_200
    maximum_kib: Speed = 0


class ArrayRebuildSpeed(ActionSpec):
    """Holds until it is set again or the array is assembled anew."""

    name: ClassVar = "array_rebuild_speed"
    kinds: ClassVar = frozenset({"array"})
    arguments: ClassVar = Arguments

    def precondition(self, view: View, action: Action) -> str:
        """Bounds must leave something between them, and the array have something to rebuild."""
        wanted = arguments_of(action, Arguments)
        if 0 < wanted.maximum_kib < wanted.minimum_kib:
            return f"a minimum of {wanted.minimum_kib} is more than {wanted.maximum_kib}"
        if "sync_action" not in view.components[action.component].metrics:
            return f"{action.component} has no redundancy to rebuild"
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """Both bounds at once."""
        wanted = msgspec.structs.asdict(arguments_of(action, Arguments))
        return (Verb("md_sync_speed", {"array": name_of(action.component), **wanted}),)

    def verify(self, view: View, action: Action) -> bool | None:
        """What the array tells is what was asked; the system's own is any."""
        array = view.components.get(action.component)
        if array is None:
            return None
        wanted = arguments_of(action, Arguments)
        bounds = (("min", wanted.minimum_kib), ("max", wanted.maximum_kib))
        told = [(number(array, f"sync_speed_{w}_bytes_per_second"), kib) for w, kib in bounds]
        if any(speed is None for speed, kib in told if kib):
            return None
        return all(speed == kib * _KIB for speed, kib in told if kib)


ACTION = ArrayRebuildSpeed
