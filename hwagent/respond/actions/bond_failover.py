"""Moves a bond to its best other leg, before the bad one fails altogether.

The kernel itself only leaves a leg that is dead. Source: Documentation/networking/bonding.rst,
active_slave.
"""

from typing import Any, ClassVar

import msgspec

from hwagent.model import Action
from hwagent.respond.arrays import name_of
from hwagent.respond.base import ActionSpec, Target, Verb, View, arguments_of

_MODES = ("active-backup", "balance-tlb", "balance-alb")


class Arguments(msgspec.Struct, forbid_unknown_fields=True):
    """``leg`` is the interface to move to; the best standby leg unless it is named."""

    leg: str = ""


class BondFailover(ActionSpec):
    """Costs the packets that are on their way."""

    name: ClassVar = "bond_failover"
    kinds: ClassVar = frozenset({"bond"})
    disruptive: ClassVar = True
    deadline: ClassVar = 10.0
    settle: ClassVar = 30.0
    arguments: ClassVar = Arguments

    def targets(self, view: View, component: str, arguments: dict[str, Any]) -> list[Target]:
        """The leg is chosen now and named in the intent."""
        bond = view.components.get(component)
        best = bond.metrics.get("standby_leg", "none") if bond else "none"
        if arguments or best == "none":
            return [Target(component, arguments)]
        return [Target(component, {"leg": best})]

    def precondition(self, view: View, action: Action) -> str:
        """There must be another leg to choose."""
        bond = view.components[action.component]
        mode, leg = bond.metrics.get("mode"), arguments_of(action, Arguments).leg
        if mode not in _MODES:
            return f"{bond.id} is {mode}, which has no active leg to choose"
        if not leg:
            return f"{bond.id} has no good leg besides the active one"
        if bond.metrics.get("active_leg") == leg:
            return f"{bond.id} uses {leg} already"
        return ""

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """One write."""
        leg = arguments_of(action, Arguments).leg
        return (Verb("bond_active", {"bond": name_of(action.component), "leg": leg}),)

    def verify(self, view: View, action: Action) -> bool | None:
        """The bond says so itself."""
        bond = view.components.get(action.component)
        if bond is None or "active_leg" not in bond.metrics:
            return None
        return bond.metrics["active_leg"] == arguments_of(action, Arguments).leg


ACTION = BondFailover
