"""What alerts ask for, and why it is not done: the planner's own vocabulary. Pure."""

import msgspec

from hwagent.model import Alert

#: Rule, component and action.
WantKey = tuple[str, str, str]


class Want(msgspec.Struct):
    """One action that one alert asks for.

    ``settled`` are the marks of the targets to which nothing more is to be done while the alert
    lasts, ``rehearsed`` of those that only the mode kept from being done. ``tried`` are components;
    ``told`` is the last refusal that was told of each.
    """

    alert: Alert
    name: str
    settled: set[str] = msgspec.field(default_factory=set)
    rehearsed: set[str] = msgspec.field(default_factory=set)
    tried: set[str] = msgspec.field(default_factory=set)
    told: dict[str, str] = msgspec.field(default_factory=dict)


class Ended(msgspec.Struct, frozen=True):
    """Of the past: an alert ended, and with it what was settled, tried or doubted for its sake."""

    cause: str


class Refused(msgspec.Struct, frozen=True):
    """Why an attempt was not made; ``kind`` is the guard, or the reason itself where it is a
    ``precondition`` that does not hold."""

    kind: str
    reason: str

    @property
    def precondition(self) -> bool:
        """True if there is nothing to be done rather than something not to be done."""
        return self.kind == self.reason
