"""The verbs by name: all that the root helper does for the agent."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hwagent.collect.root import Root, Unreadable

from .bond_verbs import BondActive
from .disk_verbs import DiskSignature, Locate
from .md_verbs import MdAdd, MdReAdd, MdSetMember, MdSyncAction, MdSyncSpeed
from .verb import Verb, VerbRefused, VerbResult
from .vip_verbs import VipService

__all__ = ["VERBS", "VerbResult", "run_verb", "subject"]

VERBS: Mapping[str, type[Verb]] = {
    "md_set_member": MdSetMember,
    "md_add": MdAdd,
    "md_re_add": MdReAdd,
    "md_sync_action": MdSyncAction,
    "md_sync_speed": MdSyncSpeed,
    "bond_active": BondActive,
    "locate": Locate,
    "disk_signature": DiskSignature,
    "vip_service": VipService,
}
#: Arguments that say what a verb is done to, the first that is there.
_SUBJECTS = ("array", "bond", "disk", "device", "vip")


def run_verb(name: str, arguments: Mapping[str, Any], root: Root) -> VerbResult:
    """Runs a verb on a host or tree. Whatever goes wrong is a result that is not ok."""
    if name not in VERBS:
        return VerbResult(False, f"no verb {name!r}")
    try:
        verb = msgspec.convert(arguments, VERBS[name])
        return VerbResult(True, verb.perform(root))
    except (VerbRefused, Unreadable, msgspec.ValidationError) as e:
        return VerbResult(False, str(e))
    except OSError as e:
        return VerbResult(False, f"{e.filename or name}: {e.strerror}")


def subject(arguments: Mapping[str, Any]) -> str:
    """What a verb is done to: no two verbs are done to the same at a time."""
    return next((str(arguments[key]) for key in _SUBJECTS if key in arguments), "")
