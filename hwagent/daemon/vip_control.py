"""What people may ask of the agent about virtual IPs: move, pin, give up, take back."""

from ipaddress import ip_interface
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from hwagent.api.backend import Refused
from hwagent.cluster.decrees import PIN
from hwagent.cluster.report import unready
from hwagent.config import Group, Vip, nearest

from .ranking import able
from .request import convert

if TYPE_CHECKING:
    from .agent import Agent


class MoveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An address of a group, with or without prefix length, and the host that is to have it."""

    address: str
    to: str


class PinRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An address of a group, the host that is to hold it, and for how many seconds; 0: no end."""

    address: str
    to: str
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class AddressRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An address, with or without prefix length."""

    address: str


class VipControl:
    """Runs the commands on one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent

    async def move(self, arguments: dict[str, Any]) -> Any:
        """Hands an address that is held here to another host of its group."""
        wanted = convert(arguments, MoveRequest)
        vip = self._vip(wanted.address)
        self._check_able(self._group(vip), wanted.to)
        if wanted.to == self._agent.host:
            raise Refused(409, f"{wanted.to} is this host")
        self._check_ready(vip, wanted.to)
        now = self._now(vip)
        if now["state"] != "held":
            where = f"it is held by {now['holder']}: ask there" if now["holder"] else now["reason"]
            raise Refused(409, f"{vip.address} is not held here; {where}")
        await self._do(self._agent.holding.move(vip.address, wanted.to))
        self._agent.note("vip-move", arguments)
        return {"address": vip.address, "to": wanted.to}

    async def pin(self, arguments: dict[str, Any]) -> Any:
        """Wants an address on one host for as long as that is not unfit; the fleet keeps to it."""
        wanted = convert(arguments, PinRequest)
        vip = self._vip(wanted.address)
        group = self._group(vip)
        self._check_able(group, wanted.to)
        until = self._agent.clock.now() + wanted.seconds if wanted.seconds else 0.0
        self._agent.orders.give(PIN + ip(vip), wanted.to, until)
        self._agent.note("vip-pin", arguments)
        return {"address": vip.address, "to": wanted.to, "until": until, "now": self._now(vip)}

    async def unpin(self, arguments: dict[str, Any]) -> Any:
        """Takes a pin back: the address goes where placement wants it when it moves next."""
        vip = self._vip(convert(arguments, AddressRequest).address)
        pins = self._agent.core.decrees.pins(self._agent.clock.now())
        if ip(vip) not in pins:
            raise Refused(409, f"{vip.address} is not pinned")
        self._agent.orders.give(PIN + ip(vip), "")
        self._agent.note("vip-unpin", arguments)
        return {"address": vip.address, "from": pins[ip(vip)].value}

    async def release(self, arguments: dict[str, Any]) -> Any:
        """Gives an address up, and does not take it until it is taken back."""
        vip = self._vip(convert(arguments, AddressRequest).address)
        await self._do(self._agent.holding.release(vip.address))
        self._agent.note("vip-release", arguments)
        return {"address": vip.address}

    async def take(self, arguments: dict[str, Any]) -> Any:
        """Ends all releases and conflicts."""
        await self._do(self._agent.holding.plan())
        self._agent.note("vip-take", arguments)
        return {}

    def _vip(self, address: str) -> Vip:
        known = {vip.address: vip for vip in self._agent.config.vips}
        known |= {vip.address.partition("/")[0]: vip for vip in known.values()}
        if address not in known:
            raise Refused(404, f"no address {address!r} in the configuration")
        return known[address]

    def _now(self, vip: Vip) -> dict[str, Any]:
        found = (v for v in self._agent.vips() if v["address"] == vip.address)
        unknown = {"state": "unknown", "holder": "", "reason": "the holder does not know it yet"}
        return next(found, unknown)

    def _group(self, vip: Vip) -> Group:
        group = next((g for g in self._agent.config.groups if g.name == vip.group), None)
        if group is None:
            raise Refused(409, f"{vip.address} is in no group: no other host may have it")
        return group

    def _check_able(self, group: Group, to: str) -> None:
        hosts = able(group)
        if to not in hosts:
            raise Refused(404, f"no host {to!r} in group {group.name!r}; {nearest(to, hosts)}")

    def _check_ready(self, vip: Vip, to: str) -> None:
        for member in self._agent.gossip.fleet():
            said = member["vips"].get(vip.address, "") if member["name"] == to else ""
            if why := unready(said):
                raise Refused(409, f"{to} would not take {vip.address}: {why}")

    async def _do(self, work: Any) -> None:
        try:
            await work
        except (OSError, ValueError) as e:
            raise Refused(409, f"the holder does not take it: {e}") from None


def ip(vip: Vip) -> str:
    """An address in the kernel's form, without prefix length."""
    return str(ip_interface(vip.address).ip)
