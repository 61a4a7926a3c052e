"""What people may ask of the agent about virtual IPs: move, pin, give up, take back."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
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

#: The subject of letters about moves.
MOVE = "vip-move"
#: Seconds for which a host may be unfit that is to have an address, and until it must have it.
PATIENCE, TAKEN = 3.0, 8.0
#: Seconds between two letters, and between two looks.
ASK_EVERY, PAUSE = 2.0, 0.05


class MoveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An address of a group, with or without prefix length, and the host that is to have it."""

    address: str
    to: str


class Errand(msgspec.Struct):
    """The same, asked of the host that holds it; what a newer agent adds is passed over."""

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
        """Hands an address to another host of its group, whichever host holds it now.

        It stays where it is unless that host takes it.
        """
        wanted = convert(arguments, MoveRequest)
        vip = self._vip(wanted.address)
        group = self._group(vip)
        self._check_able(group, wanted.to)
        self._check_pin(vip, wanted.to)
        await self._until_fit(vip, wanted.to)
        holder = self._holder(vip)
        if holder == wanted.to:
            raise Refused(409, f"{vip.address} is held by {wanted.to} already")
        self._agent.note("vip-move", arguments)
        await self._until_taken(vip, wanted.to, holder)
        return {"address": vip.address, "to": wanted.to}

    def receive(self, member: str, subject: str, data: bytes) -> None:
        """A letter of another member, where somebody wants an address moved that is held here."""
        if subject != MOVE:
            return
        try:
            wanted = msgspec.json.decode(data, type=Errand)
            vip = self._vip(wanted.address)
            self._check_able(self._group(vip), wanted.to)
        except (msgspec.DecodeError, Refused):
            return
        if wanted.to != self._agent.host and self._holder_now(vip) == self._agent.host:
            self._agent.note("vip-move", {**msgspec.to_builtins(wanted), "asked_by": member})
            self._agent.tasks.start(self._hand_over(vip, wanted.to))

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

    async def _hand_over(self, vip: Vip, to: str) -> None:
        """For another member, which sees for itself whether it came about."""
        with suppress(Refused):
            await self._do(self._agent.holding.move(vip.address, to))

    def _check_pin(self, vip: Vip, to: str) -> None:
        pin = self._agent.core.decrees.pins(self._agent.clock.now()).get(ip(vip))
        if pin is not None and pin.value != to:
            raise Refused(409, f"{vip.address} is pinned to {pin.value}: it would go back there")

    def _holder(self, vip: Vip) -> str:
        """The host that holds an address: as the voter here knows, or as it says itself."""
        now = self._now(vip)
        if now["state"] == "held":
            return self._agent.host
        if not (holder := now["holder"] or self._said_by(vip)):
            raise Refused(409, f"no host is known to hold {vip.address}: {now['reason']}")
        return str(holder)

    def _said_by(self, vip: Vip) -> str:
        fleet = self._agent.gossip.fleet()
        return next((str(m["name"]) for m in fleet if _holds(m, vip.address)), "")

    async def _until_fit(self, vip: Vip, to: str) -> None:
        """What is known of a host may be a moment old: one that is unfit is looked at again."""
        end = time.monotonic() + PATIENCE
        while why := self._hindrance(vip, to):
            if time.monotonic() >= end:
                raise Refused(409, f"{to} would not take {vip.address}: {why}")
            await asyncio.sleep(PAUSE)

    def _hindrance(self, vip: Vip, to: str) -> str:
        """Why a host would not take an address, as far as the fleet knows."""
        for member in self._agent.gossip.fleet():
            if member["name"] == to:
                there = member["status"] in ("alive", "suspect")
                gone = "" if there else f"it has {member['status']}"
                said = unready(member["vips"].get(vip.address, ""))
                return gone or said or str(member["unfit"])
        return ""

    async def _until_taken(self, vip: Vip, to: str, holder: str) -> None:
        """Until it is known here that a host has taken an address. Its holder is asked for it again
        and again: it offers it for a lease only, and letters to another host may get lost."""
        for _ in range(round(TAKEN / ASK_EVERY)):
            await self._ask(holder, vip, to)
            end = time.monotonic() + ASK_EVERY
            while time.monotonic() < end:
                if self._holder_now(vip) == to or self._accepted(vip, to):
                    return
                await asyncio.sleep(PAUSE)
        raise Refused(409, f"{self._untaken(vip, to)}: see `hwagent vip list` on {to}")

    def _accepted(self, vip: Vip, to: str) -> bool:
        """Whether a host has had an address from here, where nobody tells who holds it: this host
        has no vote and no fleet. It is released only to one that has accepted it."""
        if self._agent.gossip.node is not None or self._agent.host in self._group(vip).voters:
            return False
        now = self._now(vip)
        return now["state"] == "released" and str(now["reason"]) == f"moved to {to}"

    def _untaken(self, vip: Vip, to: str) -> str:
        """What is known of an address that was to be taken."""
        if there := self._holder_now(vip):
            return f"{to} has not taken {vip.address}, {there} has it"
        return f"it is not known here whether {to} has taken {vip.address}"

    def _holder_now(self, vip: Vip) -> str:
        try:
            return self._holder(vip)
        except Refused:
            return ""

    async def _ask(self, holder: str, vip: Vip, to: str) -> None:
        if holder == self._agent.host:
            return await self._do(self._agent.holding.move(vip.address, to))
        node = self._agent.gossip.node
        if node is None:
            raise Refused(409, f"{vip.address} is not held here; it is held by {holder}: ask there")
        node.tell(holder, MOVE, msgspec.json.encode(Errand(vip.address, to)))
        return None

    async def _do(self, work: Any) -> None:
        try:
            await work
        except (OSError, ValueError) as e:
            raise Refused(409, f"the holder does not take it: {e}") from None


def _holds(member: Mapping[str, Any], address: str) -> bool:
    said: str = member["vips"].get(address, "")
    return member["status"] == "alive" and said.startswith("held")


def ip(vip: Vip) -> str:
    """An address in the kernel's form, without prefix length."""
    return str(ip_interface(vip.address).ip)
