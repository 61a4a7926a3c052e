"""Where a switch is and how it is spoken to; secrets are read from files and never shown."""

import msgspec

from hwagent.config.secret import first_line
from hwagent.config.switches import Switch

#: A passphrase is shorter (RFC 3414 derives keys from eight octets on).
_PASSPHRASE_LEAST = 8


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Address and credentials of one switch."""

    address: str
    port: int
    version: str
    community: str = ""
    user: str = ""
    auth: str = ""
    auth_key: str = ""
    privacy: str = ""
    privacy_key: str = ""
    context: str = ""

    def __repr__(self) -> str:
        return f"Access({self.address}:{self.port}, SNMPv{self.version})"


def access(switch: Switch) -> Access:
    """Reads a switch's secrets. Raises ValueError, which names the file and not what is in it."""
    community = _secret(switch.community_file) if switch.version != "3" else ""
    auth_key = _passphrase(switch.auth_file) if switch.auth_file else ""
    privacy_key = _passphrase(switch.privacy_file) if switch.privacy_file else ""
    return Access(
        address=switch.address,
        port=switch.port,
        version=switch.version,
        community=community,
        user=switch.user,
        auth=switch.auth if auth_key else "",
        auth_key=auth_key,
        privacy=switch.privacy if privacy_key else "",
        privacy_key=privacy_key,
        context=switch.context,
    )


def _secret(file: str) -> str:
    try:
        return first_line(file).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not text") from None


def _passphrase(file: str) -> str:
    text = _secret(file)
    if len(text) < _PASSPHRASE_LEAST:
        raise ValueError(f"{file}: SNMPv3 wants {_PASSPHRASE_LEAST} characters or more")
    return text
