"""Management controllers to ask over the network, and what is wrong with them that types cannot
say."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from .listening import listening_place
from .section import Section
from .source import Path, Source
from .units import Duration

#: It is a part of the ids of all that the controller tells of.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Names that the host's own device and decoded files have.
_TAKEN = ("ipmi", "redfish")


class Bmc(Section, frozen=True):
    """A management controller: of this host, or with ``host`` of another one.

    The password is the first line of ``password_file``, which the agent's user must be able to
    read. Redfish speaks HTTPS and checks the certificate, against ``ca_file`` if given; ``tls``
    insecure does not check it, off speaks plain HTTP. IPMI over LAN (version 2.0) needs ipmitool;
    ``cipher`` is its cipher suite, by number, where the BMC cannot tell which it has.

    A BMC that speaks Redfish is listened to as well, and looked at when it tells of an event;
    ``events`` false only polls it. ``event_sources`` are addresses that the events it pushes come
    from, besides its own.
    """

    name: str
    address: str
    protocol: Literal["redfish", "ipmi"] = "redfish"
    port: int = 0
    user: str = ""
    password_file: str = ""
    host: str = ""
    tls: Literal["verify", "insecure", "off"] = "verify"
    ca_file: str = ""
    cipher: int | None = None
    interval: Duration = Duration(60)
    timeout: Duration = Duration(10)
    events: bool = True
    event_sources: tuple[str, ...] = ()


class Events(Section, frozen=True):
    """Where BMCs push Redfish events to that have no stream of events to read: ``bind`` is
    ``address:port`` or ``[IPv6]:port``; without, nothing is listened on and no BMC is asked to.

    ``url`` is how BMCs reach that port, such as ``https://hw1.example:8443``, where the address
    that they see is not ours. With ``cert_file`` and ``key_file`` (PEM) it is HTTPS, which many
    BMCs insist on. The BMC's user must be allowed to subscribe (ConfigureManager).
    """

    bind: str = ""
    url: str = ""
    cert_file: str = ""
    key_file: str = ""

    @property
    def place(self) -> tuple[str, int] | None:
        """Address and port; None where nothing is listened on. Raises ValueError."""
        return listening_place(self.bind)


def check_bmcs(source: Source, bmcs: Sequence[Bmc], others: Sequence[str]) -> None:
    """Raises ConfigError for controllers that cannot be asked; ``others`` are names in use."""
    names = {*others, *_TAKEN}
    for index, bmc in enumerate(bmcs):
        at = ("bmcs", index)
        if not _NAME.fullmatch(bmc.name):
            what = f"a name has letters, digits, '.', '_' and '-', not {bmc.name!r}"
            raise source.error((*at, "name"), what)
        if bmc.name in names:
            raise source.error((*at, "name"), f"the name {bmc.name!r} is taken")
        names.add(bmc.name)
        if bmc.user and not bmc.password_file:
            raise source.error(at, "a user needs 'password_file'")
        if bmc.protocol == "ipmi" and not bmc.user:
            raise source.error(at, "IPMI over LAN needs 'user' and 'password_file'")
        if not 0 <= bmc.port < 65536:
            raise source.error((*at, "port"), f"no port: {bmc.port}")
        _check_sources(source, at, bmc)


def check_events(source: Source, events: Events) -> None:
    """Raises ConfigError for a place that cannot be listened on, or that nobody could reach."""
    try:
        place = events.place
    except ValueError as e:
        raise source.error(("events", "bind"), str(e)) from None
    for key in ("url", "cert_file", "key_file"):
        if getattr(events, key) and place is None:
            raise source.error(("events", key), "nothing is listened on without 'bind'")
    if bool(events.cert_file) != bool(events.key_file):
        raise source.error(("events",), "HTTPS needs both 'cert_file' and 'key_file'")
    if events.url and not _reachable(events.url):
        what = f"expected a URL such as https://hw1.example:8443, not {events.url!r}"
        raise source.error(("events", "url"), what)


def _reachable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    good = parts.scheme in ("http", "https") and parts.hostname
    return bool(good) and not parts.path.strip("/") and not (parts.query or parts.fragment)


def _check_sources(source: Source, at: Path, bmc: Bmc) -> None:
    for number, address in enumerate(bmc.event_sources):
        try:
            ip_address(address)
        except ValueError as e:
            raise source.error((*at, "event_sources", number), str(e)) from None
