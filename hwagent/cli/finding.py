"""What a check of ``hwagent doctor`` says."""

import os

import msgspec

from hwagent.model import Health

#: Where programs of the system are, whatever the caller's PATH.
SYSTEM = f"{os.defpath}:/usr/sbin:/sbin"


class Finding(msgspec.Struct, frozen=True):
    """One check: how well it is, what was found, and what to do about it."""

    check: str
    health: Health
    found: str
    advice: str = ""
