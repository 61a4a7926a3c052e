"""Actions: what the agent does about an alert, and how it went."""

from enum import StrEnum
from typing import Any

import msgspec


class Mode(StrEnum):
    """observe judges only; dry_run rehearses and logs; act does."""

    OBSERVE = "observe"
    DRY_RUN = "dry_run"
    ACT = "act"


class Result(StrEnum):
    """How an action ended."""

    DONE = "done"
    REFUSED = "refused"  # a precondition or a guard said no
    REHEARSED = "rehearsed"  # mode dry_run: it would have been done
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # the agent was ended while it ran and the kernel's state does not tell


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done to one component, because of one alert or one person.

    ``name`` is the action's file in respond/actions; ``arguments`` are typed by that file.
    """

    id: str
    name: str
    component: str
    cause: str
    arguments: dict[str, Any] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an action; ``detail`` is the reason for a refusal or failure."""

    action: Action
    result: Result
    detail: str = ""
    started: float = 0.0
    ended: float = 0.0
