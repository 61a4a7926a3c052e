"""Responding: from alerts that name actions to steps that passed the guards. Pure."""

from .actions import action_names
from .base import ActionSpec, Done, Run, Step, Verb, View
from .fleet import Fleet
from .planner import Planner
from .wants import Ended

__all__ = [
    "ActionSpec",
    "Done",
    "Ended",
    "Fleet",
    "Planner",
    "Run",
    "Step",
    "Verb",
    "View",
    "action_names",
]
