"""What people may ask of the agent about virtual IPs: move one, give one up, take it back."""

from typing import TYPE_CHECKING, Any

import msgspec

from hwagent.api.backend import Refused
from hwagent.config import Group, Vip, nearest

from .request import convert

if TYPE_CHECKING:
    from .agent import Agent


class MoveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An address of a group, with or without prefix length, and the host that is to have it."""

    address: str
    to: str


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
        group = next((g for g in self._agent.config.groups if g.name == vip.group), None)
        if group is None:
            raise Refused(409, f"{vip.address} is in no group: no other host may have it")
        self._check_target(group, wanted.to)
        now = self._now(vip)
        if now["state"] != "held":
            where = f"it is held by {now['holder']}: ask there" if now["holder"] else now["reason"]
            raise Refused(409, f"{vip.address} is not held here; {where}")
        await self._do(self._agent.holding.move(vip.address, wanted.to))
        self._agent.note("vip-move", arguments)
        return {"address": vip.address, "to": wanted.to}

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

    def _check_target(self, group: Group, to: str) -> None:
        able = [n for n in {**group.members, **group.voters} if n not in group.witnesses]
        if to not in able:
            raise Refused(404, f"no host {to!r} in group {group.name!r}; {nearest(to, able)}")
        if to == self._agent.host:
            raise Refused(409, f"{to} is this host")

    async def _do(self, work: Any) -> None:
        try:
            await work
        except (OSError, ValueError) as e:
            raise Refused(409, f"the holder does not take it: {e}") from None
