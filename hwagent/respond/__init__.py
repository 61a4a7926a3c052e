"""Responding: from alerts that name actions to steps that passed the guards. Pure."""

from .actions import action_names
from .base import ActionSpec, Done, Run, Step, Verb, View
from .planner import Ended, Planner

__all__ = ["ActionSpec", "Done", "Ended", "Planner", "Run", "Step", "Verb", "View", "action_names"]
