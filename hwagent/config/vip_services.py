"""Services that run with a virtual IP, and what is wrong with them that types cannot say."""

import re
from typing import TYPE_CHECKING

from .check import Check
from .section import Section
from .source import Path, Source
from .units import Duration

if TYPE_CHECKING:
    from .schema import Config, Vip

#: Units that can be started and stopped (systemd.unit(5)).
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.\\@-]*\.(?:service|target|socket|mount|timer|path)")
#: The longest time that a start, a stop or a cool-down may be given, in seconds.
_LONGEST = 3600.0


class Hook(Section, frozen=True):
    """A command for the start and one for the stop, each a list of words; no shell reads them.

    The first word is an absolute path, owned by root and not writable by others. The environment
    tells HWAGENT_STEP (start, stop, or repeat: once more after a conflict), HWAGENT_EPOCH (grows
    with every owner: a fencing token), HWAGENT_STATE, HWAGENT_REASON, HWAGENT_VIP, HWAGENT_ADDRESS,
    HWAGENT_GROUP and HWAGENT_HOST. A restarted agent stops what should not run here, so a stop may
    come without a start.
    """

    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()


class Ready(Check, frozen=True, kw_only=True):
    """A check that decides whether this host may take the address over; keys as of ``services``.

    The host that holds the address keeps it whatever the check says.
    """

    interval: Duration = Duration(2)
    timeout: Duration = Duration(1)
    fall: int = 2


class VipServices(Section, frozen=True):
    """What runs where the address is: started before it is announced, stopped after it is gone.

    ``run`` are systemd units and hooks (``start`` and ``stop``), started in this order and stopped
    in the other. What has not started within ``start_timeout`` is stopped again, and the address is
    left to other hosts for ``cooldown``.
    """

    run: list[str | Hook] = []
    start_timeout: Duration = Duration(30)
    stop_timeout: Duration = Duration(30)
    cooldown: Duration = Duration(60)
    ready: Ready | None = None


def services_of(config: "Config", vip: "Vip") -> VipServices:
    """What runs with an address: its own, else its group's."""
    if vip.services is not None:
        return vip.services
    groups = (group.services for group in config.groups if group.name == vip.group)
    return next(groups, None) or VipServices()


def check_vip_services(source: Source, config: "Config") -> None:
    """Raises ConfigError for services that cannot be started, or would decide nothing."""
    for index, group in enumerate(config.groups):
        if group.services is not None:
            _check(source, ("groups", index, "services"), group.services)
    for index, vip in enumerate(config.vips):
        if vip.services is None:
            continue
        at = ("vips", index, "services")
        _check(source, at, vip.services)
        if vip.services.ready is not None and not vip.group:
            what = "it decides between the hosts of a group, and this address has none"
            raise source.error((*at, "ready"), what)


def _check(source: Source, at: Path, services: VipServices) -> None:
    for number, item in enumerate(services.run):
        if isinstance(item, Hook):
            _check_hook(source, (*at, "run", number), item)
        elif not _UNIT.fullmatch(item):
            what = f"expected a systemd unit such as postgresql.service, or a hook, not {item!r}"
            raise source.error((*at, "run", number), what)
    for name in ("start_timeout", "stop_timeout", "cooldown"):
        seconds = float(getattr(services, name))
        if not 0 < seconds <= _LONGEST:
            what = f"expected more than 0 s and at most {_LONGEST:g} s, not {seconds:g} s"
            raise source.error((*at, name), what)
    ready = services.ready
    if ready is not None:
        needed = "command" if ready.type == "exec" else "target"
        if not getattr(ready, needed):
            raise source.error((*at, "ready"), f"a check of type {ready.type} needs {needed!r}")


def _check_hook(source: Source, at: Path, hook: Hook) -> None:
    if not hook.start and not hook.stop:
        raise source.error(at, "a hook needs 'start', 'stop' or both")
    for name, words in (("start", hook.start), ("stop", hook.stop)):
        if words and (not words[0].startswith("/") or "/../" in words[0]):
            what = f"expected an absolute path first, not {words[0]!r}"
            raise source.error((*at, name, 0), what)
        for number, word in enumerate(words):
            if "\0" in word:
                raise source.error((*at, name, number), "a word of a command has no NUL")
