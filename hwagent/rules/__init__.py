"""Rules: readings in, transitions of alerts out."""

from .check import check
from .engine import Engine
from .errors import RuleErrors
from .explain import explain
from .load import load_rules
from .rule import Rule, RuleSet
from .testing import Result, run_tests

__all__ = [
    "Engine",
    "Result",
    "Rule",
    "RuleErrors",
    "RuleSet",
    "check",
    "explain",
    "load_rules",
    "run_tests",
]
