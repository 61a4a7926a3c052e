"""Switches to ask by SNMP, and what is wrong with them that types cannot say."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Literal

from .listening import listening_place
from .section import Section
from .source import Path, Source
from .units import Duration

#: It is a part of the ids of all that the switch is made of.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Switch(Section, frozen=True):
    """A switch, or whatever else speaks SNMP; secrets are first lines of files.

    Versions 1 and 2c need ``community_file``. Version 3 needs ``user``; with ``auth_file`` messages
    are signed (``auth``), with ``privacy_file`` encrypted too (``privacy``). ``interval`` is that
    of states; counters are read a quarter as often, what it is made of after a change or an hour.
    One request at a time is on its way to a switch; ``pause`` is left after each answer, for one
    whose processor is slow. ``trap_sources`` are addresses that its traps come from, besides its
    own.
    """

    name: str
    address: str
    port: int = 161
    version: Literal["1", "2c", "3"] = "2c"
    community_file: str = ""
    user: str = ""
    auth: Literal["sha", "sha224", "sha256", "sha384", "sha512"] = "sha256"
    auth_file: str = ""
    privacy: Literal["aes", "aes192", "aes256"] = "aes"
    privacy_file: str = ""
    context: str = ""
    interval: Duration = Duration(30)
    timeout: Duration = Duration(2)
    pause: Duration = Duration(0)
    trap_sources: tuple[str, ...] = ()


class Traps(Section, frozen=True):
    """Where traps and informs of the switches come to: ``bind`` is ``address:port`` or
    ``[IPv6]:port``; without, nothing is listened on.

    Those of a switch are heard from its address, with the community or user that it is polled with.
    Of a trap of SNMPv3 the engine must be the one that answers polls; informs are for our own.
    """

    bind: str = ""

    @property
    def place(self) -> tuple[str, int] | None:
        """Address and port; None where nothing is listened on. Raises ValueError."""
        return listening_place(self.bind)


def check_switches(source: Source, switches: Sequence[Switch]) -> None:
    """Raises ConfigError for switches that cannot be asked."""
    names: set[str] = set()
    for index, switch in enumerate(switches):
        at = ("switches", index)
        if switch.name in names:
            raise source.error((*at, "name"), f"switch {switch.name!r} stands twice")
        names.add(switch.name)
        if not _NAME.fullmatch(switch.name):
            what = f"a name has letters, digits, '.', '_' and '-', not {switch.name!r}"
            raise source.error((*at, "name"), what)
        needed = "user" if switch.version == "3" else "community_file"
        if not getattr(switch, needed):
            raise source.error(at, f"SNMP version {switch.version} needs {needed!r}")
        if switch.privacy_file and not switch.auth_file:
            what = "SNMPv3 encrypts only what it signs: 'privacy_file' needs 'auth_file'"
            raise source.error((*at, "privacy_file"), what)
        _check_sources(source, at, switch)
        if switch.pause >= switch.interval:
            raise source.error((*at, "pause"), "a pause is shorter than the interval")
        if not 0 < switch.port < 65536:
            raise source.error((*at, "port"), f"no port: {switch.port}")


def check_traps(source: Source, traps: Traps) -> None:
    """Raises ConfigError for a place that cannot be listened on."""
    try:
        _ = traps.place
    except ValueError as e:
        raise source.error(("traps", "bind"), str(e)) from None


def _check_sources(source: Source, at: Path, switch: Switch) -> None:
    for number, address in enumerate(switch.trap_sources):
        try:
            ip_address(address)
        except ValueError as e:
            raise source.error((*at, "trap_sources", number), str(e)) from None
