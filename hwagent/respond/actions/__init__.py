"""The actions: one file each, with one class ``ACTION``. The file's name is the action's name."""

from functools import cache
from importlib import import_module

from hwagent.respond.base import ActionSpec

ACTIONS: tuple[str, ...] = (
    "array_add_spare",
    "array_check_pause",
    "array_check_start",
    "array_re_add",
    "array_rebuild_speed",
    "array_remove_faulty",
    "array_replace_member",
    "bond_failover",
    "disk_locate",
)


def action_names() -> frozenset[str]:
    """The names that rules and people may use."""
    return frozenset(ACTIONS)


@cache
def find(name: str) -> ActionSpec:
    """The action of a name. Raises KeyError."""
    if name not in ACTIONS:
        raise KeyError(name)
    made: ActionSpec = import_module(f"{__name__}.{name}").ACTION()
    return made
