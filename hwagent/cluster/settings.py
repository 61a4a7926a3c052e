"""What a node needs to know before it starts."""

from ipaddress import ip_address

import msgspec

from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import POLICIES

from .profile import LAN, Profile
from .transport import Bind


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One member: its name, its networks, whom it calls first, and how it speaks.

    ``seeds`` are ``host`` or ``host:port``, names or addresses. ``known`` are endpoints of members
    of an earlier life; ``incarnation`` is the last of that life.
    """

    name: str
    binds: tuple[Bind, ...]
    seeds: tuple[str, ...] = ()
    known: tuple[tuple[str, int], ...] = ()
    label: str = ""
    profile: Profile = LAN
    encryption: str = "required"
    keyring: Keyring = Keyring(())
    labels: dict[str, str] = {}
    incarnation: int = 0

    def check(self) -> None:
        """Raises ValueError for what must not start: gossip in the clear beyond this host.

        Also for an address that is everybody's: others could not call it (EastGuard#53).
        """
        for bind in self.binds:
            if ip_address(bind.advertise or bind.host).is_unspecified:
                raise ValueError(f"{bind.host} is no address that others can call: advertise one")
        policy = POLICIES[self.encryption]
        if self.encryption == "none" or (self.keyring and (policy.seal or policy.demand)):
            return
        if self.encryption == "accept" and self.keyring:
            return
        if not all(is_loopback(bind.host) for bind in self.binds):
            raise ValueError("without a key the agent gossips on loopback only")


def is_loopback(host: str) -> bool:
    """Whether an address is one that no other host can reach."""
    return ip_address(host).is_loopback
