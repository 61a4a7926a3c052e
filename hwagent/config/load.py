"""Finding and reading the configuration: one main file and the drop-ins of ``conf.d``."""

import os
import re
import socket
from collections.abc import Iterable
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from .bmcs import check_bmcs, check_events
from .cluster import check_cluster
from .groups import check_groups
from .routers import check_routers
from .schema import Config
from .source import ConfigError, Place, Source, convert, nearest, parse
from .switches import check_switches, check_traps
from .topology import check_topology
from .vip_services import check_vip_services

#: Where a package installs the configuration.
SYSTEM_FILE = "/etc/hwagent/hwagent.yaml"
_INTERFACE = re.compile(r"[^/\s]{1,15}")


def shipped() -> Path:
    """The directory of the shipped ``hwagent.yaml`` and ``rules.d``."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def load_config(path: str = "", names: Iterable[str] = ()) -> Config:
    """The configuration in a file and its ``conf.d``; without a file, the shipped defaults.

    ``names`` are the collectors that may be configured. Raises ConfigError, also for a file that
    cannot be read.
    """
    source = read_source(path)
    config = convert(source, Config) if source.data is not None else Config()
    _check(source, config, sorted(names))
    return config


def host_name(config: Config) -> str:
    """The name of this host: the configured one, or the kernel's."""
    return config.host or socket.gethostname()


def default_file() -> str:
    """The system's configuration file if there is one, else the shipped one."""
    return SYSTEM_FILE if os.path.exists(SYSTEM_FILE) else str(shipped() / "hwagent.yaml")


def read_source(path: str = "") -> Source:
    """The merged data of a configuration file and its drop-ins. Raises ConfigError."""
    main = Path(path or default_file())
    source = _read(main)
    for extra in sorted((main.parent / "conf.d").glob("*.yaml")):
        source = merge(source, _read(extra))
    return source


def merge(base: Source, over: Source) -> Source:
    """One source over another: mappings join, lists are appended, the rest is replaced."""
    if over.data is None:
        return base
    merged = Source(base.file, None, dict(base.values), dict(base.keys))
    return merged._replace(data=_merge(merged, over, (), base.data, over.data, ()))


def _merge(into: Source, over: Source, at: Any, old: Any, new: Any, source_at: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        joined = dict(old)
        for key, value in new.items():
            step = str(key)
            if (*source_at, step) in over.keys:
                into.keys[(*at, step)] = over.keys[(*source_at, step)]
            joined[key] = _merge(into, over, (*at, step), old.get(key), value, (*source_at, step))
        return joined
    if isinstance(old, list) and isinstance(new, list):
        for index in range(len(new)):
            _move(into, over, (*source_at, index), (*at, len(old) + index))
        return old + new
    _move(into, over, source_at, at)
    return new


def _move(into: Source, over: Source, old: Any, new: Any) -> None:
    """Copies the places of everything under a path of one source to a path of another."""
    size = len(old)
    for places, target in ((over.values, into.values), (over.keys, into.keys)):
        for path, place in places.items():
            if path[:size] == old:
                target[new + path[size:]] = place


def _read(path: Path) -> Source:
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as e:
        raise ConfigError(Place(str(path), 1, 1), f"cannot be read: {e.strerror}") from None


def _check(source: Source, config: Config, collectors: list[str]) -> None:
    """What types cannot say: addresses, interfaces, names of collectors, what a check needs."""
    for name in config.collectors:
        if collectors and name not in collectors:
            place = source.keys.get(("collectors", name), source.place(("collectors",)))
            raise ConfigError(
                place, f"unknown collector {name!r}", "collectors", nearest(name, collectors)
            )
    seen: dict[str, int] = {}
    for index, vip in enumerate(config.vips):
        _check_vip(source, index, vip.address, vip.interfaces)
        address = str(ip_interface(vip.address).ip)
        if address in seen:
            raise source.error(("vips", index, "address"), f"{address} stands twice")
        seen[address] = index
    check_groups(source, config, host_name(config))
    check_routers(source, config)
    check_vip_services(source, config)
    check_switches(source, config.switches)
    check_traps(source, config.traps)
    check_topology(source, config.topology)
    check_bmcs(source, config.bmcs, [switch.name for switch in config.switches])
    check_events(source, config.events)
    check_cluster(source, config)
    names: set[str] = set()
    for index, service in enumerate(config.services):
        at = ("services", index)
        if service.name in names:
            raise source.error((*at, "name"), f"service {service.name!r} stands twice")
        names.add(service.name)
        needed = "command" if service.type == "exec" else "target"
        if not getattr(service, needed):
            raise source.error(at, f"a check of type {service.type} needs {needed!r}")


def _check_vip(source: Source, index: int, address: str, interfaces: list[str]) -> None:
    at = ("vips", index)
    try:
        ip_interface(address)
    except ValueError as e:
        what = f"expected an address with prefix length: {e}"
        raise source.error((*at, "address"), what) from None
    if "/" not in address:
        what = f"{address} has no prefix length, such as {address}/24"
        raise source.error((*at, "address"), what)
    if not interfaces:
        raise source.error((*at, "interfaces"), "expected at least one interface")
    for number, name in enumerate(interfaces):
        if not _INTERFACE.fullmatch(name):
            raise source.error((*at, "interfaces", number), f"not an interface name: {name!r}")
