"""Adds a declared spare to an array that has lost a member; md begins to rebuild by itself.

Source: mdadm(8), --add; Documentation/admin-guide/md.rst, new_dev.
"""

from typing import Any, ClassVar

import msgspec

from hwagent.model import Action
from hwagent.respond.arrays import name_of, number, rebuilding, serves, spares
from hwagent.respond.base import ActionSpec, Target, Verb, View, arguments_of
from hwagent.respond.spares import choose


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """``device`` is the spare's kernel name when the plan was made."""

    device: str = ""


class ArrayAddSpare(ActionSpec):
    """One spare at a time."""

    name: ClassVar = "array_add_spare"
    kinds: ClassVar = frozenset({"array"})
    disruptive: ClassVar = True
    rebuilds: ClassVar = True
    repeats: ClassVar = True
    arguments: ClassVar = Arguments

    def targets(self, view: View, component: str, arguments: dict[str, Any]) -> list[Target]:
        """The spare is chosen now and named in the intent: after a crash it must be known."""
        array = view.components.get(component)
        if arguments or array is None:
            return [Target(component, arguments)]
        disk, _ = choose(view, array)
        chosen = {"device": disk.attributes["name"]} if disk else {}
        return [Target(component, chosen)]

    def relies_on(self, view: View, action: Action) -> tuple[str, ...]:
        """The array; its spare has a guard of its own."""
        return (action.component,)

    def precondition(self, view: View, action: Action) -> str:
        """Only an array that lacks a member and has nothing to fill the place."""
        array = view.components[action.component]
        bears = number(array, "failures_survivable")
        if bears is None or bears < 0:
            return f"{array.id} has lost more than a spare can restore"
        if not number(array, "degraded"):
            return f"{array.id} lacks no member"
        if rebuilding(array) or spares(array):
            return f"{array.id} has a spare already"
        if not arguments_of(action, Arguments).device:
            return choose(view, array)[1]
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """``mdadm --add``; the helper looks whether the disk is blank before it writes."""
        device = arguments_of(action, Arguments).device
        return (Verb("md_add", {"array": name_of(action.component), "device": device}),)

    def verify(self, view: View, action: Action) -> bool | None:
        """The disk is a member in any working state."""
        return serves(view, action.component, arguments_of(action, Arguments).device)


ACTION = ArrayAddSpare
