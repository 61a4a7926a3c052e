"""What the planner works with: verbs, steps, the view of the host, and what an action is."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from hwagent.config import Config
from hwagent.model import Action, Alert, Component, Outcome

from .fleet import Fleet


class Verb(msgspec.Struct, frozen=True):
    """One thing that the root helper does: a name of helper/verbs.py and its arguments."""

    name: str
    arguments: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v}' for k, v in self.arguments.items())})"


class Run(msgspec.Struct, frozen=True):
    """Do this: journal the intent, run the verbs in order, each within ``deadline`` seconds."""

    action: Action
    verbs: tuple[Verb, ...]
    deadline: float


class Done(msgspec.Struct, frozen=True):
    """An action that has ended, or was never begun; nothing is left to do but to tell."""

    outcome: Outcome


Step = Run | Done


class View(Protocol):
    """What is known of the host at one moment; all that the planner, guards and actions see."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""

    @property
    def components(self) -> Mapping[str, Component]:
        """Every component by id."""

    @property
    def alerts(self) -> Sequence[Alert]:
        """Pending and firing alerts."""

    @property
    def config(self) -> Config:
        """The configuration in force."""

    @property
    def maintenance(self) -> bool:
        """True while the host is in maintenance."""

    @property
    def fleet(self) -> Fleet:
        """What the fleet allows."""


class NoArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Of an action that needs none."""


class Target(msgspec.Struct, frozen=True):
    """One component that an action is to be done to, and with which arguments."""

    component: str
    arguments: dict[str, Any] = {}


class ActionSpec:
    """One kind of action: a file in respond/actions. Pure; guards are not its business.

    ``kinds`` are the kinds of component that alerts or people may name; ``targets`` turns such a
    component into what is acted upon (a disk into its arrays). A ``disruptive`` action counts
    against the limits; one that ``rebuilds`` starts a recovery of an array. The verbs get
    ``deadline`` seconds each; the effect must show within ``settle`` seconds after them, 0 if
    there is nothing to be read again. What fails is tried again if one is to ``insist`` on it.
    What is done is done for as long as the alert lasts; one that ``repeats`` may then still be done
    with other arguments: an array may lose a second member while it lacks the first.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[str]]
    disruptive: ClassVar[bool] = False
    rebuilds: ClassVar[bool] = False
    insist: ClassVar[bool] = True
    repeats: ClassVar[bool] = False
    deadline: ClassVar[float] = 90.0
    settle: ClassVar[float] = 60.0
    arguments: ClassVar[type[msgspec.Struct]] = NoArguments

    def targets(self, view: View, component: str, arguments: dict[str, Any]) -> list[Target]:
        """What is acted upon; an empty list if there is nothing to do."""
        return [Target(component, arguments)]

    def relies_on(self, view: View, action: Action) -> tuple[str, ...]:
        """Ids of the components whose state must be known for the action to be safe."""
        return (action.component,)

    def precondition(self, view: View, action: Action) -> str:
        """Why the action makes no sense now; empty if it does."""
        raise NotImplementedError

    def verbs(self, view: View, action: Action) -> tuple[Verb, ...]:
        """What the helper has to do, in order. Called only if the precondition holds."""
        raise NotImplementedError

    def verify(self, view: View, action: Action) -> bool | None:
        """Whether the host shows the effect; None if that cannot be told (yet)."""
        return None


A = TypeVar("A", bound=msgspec.Struct)


def arguments_of(action: Action, type: type[A]) -> A:
    """The typed arguments of an action. Raises msgspec.ValidationError for wrong ones."""
    return msgspec.convert(action.arguments, type)
