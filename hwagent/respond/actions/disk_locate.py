"""Lights the locate lamp at a disk's bay, so that the right one is pulled; or puts it out.

Source: Documentation/ABI/testing/sysfs-class-enclosure.
"""

from typing import ClassVar

import msgspec

from hwagent.model import Action
from hwagent.respond.base import ActionSpec, Verb, View, arguments_of


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """``on`` false puts it out."""

    on: bool = True


class DiskLocate(ActionSpec):
    """Nothing tells whether the lamp is lit: the helper's word is all there is. Most bays have
    none, so it is tried once."""

    name: ClassVar = "disk_locate"
    kinds: ClassVar = frozenset({"disk"})
    deadline: ClassVar = 15.0
    settle: ClassVar = 0.0
    insist: ClassVar = False
    arguments: ClassVar = Arguments

    def relies_on(self, view: View, action: Action) -> tuple[str, ...]:
        """None: the disk that cannot be read is the one to be found."""
        return ()

    def precondition(self, view: View, action: Action) -> str:
        """The disk must have a kernel name."""
        disk = view.components[action.component]
        if not disk.attributes.get("name") or disk.metrics.get("present") == 0:
            return f"{disk.id} is not there"
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """One write."""
        name = view.components[action.component].attributes["name"]
        return (Verb("locate", {"disk": name, "on": arguments_of(action, Arguments).on}),)


ACTION = DiskLocate
