"""Management controllers to ask over the network, and what is wrong with them that types cannot
say."""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from .source import Source
from .units import Duration

#: It is a part of the ids of all that the controller tells of.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Names that the host's own device and decoded files have.
_TAKEN = ("ipmi", "redfish")


class Bmc(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A management controller: of this host, or with ``host`` of another one.

    The password is the first line of ``password_file``, which the agent's user must be able to
    read. Redfish speaks HTTPS and checks the certificate, against ``ca_file`` if given; ``tls``
    insecure does not check it, off speaks plain HTTP. IPMI over LAN (version 2.0) needs ipmitool;
    ``cipher`` is its cipher suite, by number, where the BMC cannot tell which it has.
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
