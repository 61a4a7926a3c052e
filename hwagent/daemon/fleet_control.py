"""What people may ask of the agent as a member of the fleet: join, leave, keys."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hwagent.api.backend import Refused
from hwagent.cluster.node import Node
from hwagent.seal.keyring import Key, KeyProblem, Keyring

from .request import convert

if TYPE_CHECKING:
    from .agent import Agent

#: Seconds until all members that are alive have a changed keyring, or are named.
PATIENCE = 10.0


class JoinRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Hosts to call: ``host`` or ``host:port``."""

    seeds: list[str]


class LeaveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Leave the fleet until the next join, reload or restart."""


class KeysRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What to do with a key: itself in base64, or its fingerprint where it is known already.

    ``force`` does it although members do not have the keyring as it is now.
    """

    do: Literal["list", "add", "use", "remove"]
    key: str = ""
    force: bool = False


class FleetControl:
    """Runs the fleet's commands on one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent

    async def join(self, arguments: dict[str, Any]) -> Any:
        """Calls hosts that may be members."""
        wanted = convert(arguments, JoinRequest)
        try:
            called = await self._agent.gossip.join(wanted.seeds)
        except (OSError, ValueError) as e:
            raise Refused(409, str(e)) from None
        self._agent.note("join", arguments)
        return {"called": called}

    async def leave(self, arguments: dict[str, Any]) -> Any:
        """Says goodbye to the fleet."""
        convert(arguments, LeaveRequest)
        self._node()
        self._agent.note("leave", {})
        await self._agent.gossip.leave()
        return {"left": True}

    async def keys(self, arguments: dict[str, Any]) -> Any:
        """Lists or changes the keys, everywhere; says which members do not have them."""
        wanted = convert(arguments, KeysRequest)
        node = self._node()
        ring = node.settings.keyring
        if wanted.do != "list":
            self._change(node, ring, wanted)
            await self._until_told()
        return {
            "version": ring.version,
            "keys": ring.fingerprints(),
            "missing": self._missing(ring.version),
        }

    def _change(self, node: Node, ring: Keyring, wanted: KeysRequest) -> None:
        changes: dict[str, Callable[[str], None]] = {
            "add": ring.add,
            "use": ring.use,
            "remove": ring.remove,
        }
        if not ring:
            raise Refused(409, "gossip is not sealed: give all hosts a key_file first")
        missing = self._missing(ring.version, wanted.do == "remove")
        if wanted.do != "add" and missing and not wanted.force:
            why = f"{', '.join(missing)} would be locked out: not told of the keys yet"
            raise Refused(409, f"{why}; --force does it all the same")
        try:
            node.change_keys(lambda: changes[wanted.do](wanted.key))
            name = Key(wanted.key).fingerprint if len(wanted.key) > 8 else wanted.key
        except KeyProblem as e:
            raise Refused(400, str(e)) from None
        self._agent.note("keys", {"do": wanted.do, "key": name})

    async def _until_told(self) -> None:
        version = self._node().settings.keyring.version
        for _ in range(int(PATIENCE / 0.1)):
            if not self._missing(version):
                return
            await asyncio.sleep(0.1)

    def _missing(self, version: int, dead: bool = False) -> list[str]:
        """Members that have not said that they have the keyring; with ``dead`` the failed too."""
        states = ("alive", "suspect", "failed") if dead else ("alive", "suspect")
        return [
            m["name"]
            for m in self._agent.gossip.fleet()
            if not m["self"] and m["status"] in states and m["keyring"] < version
        ]

    def _node(self) -> Node:
        node = self._agent.gossip.node
        if node is None:
            raise Refused(409, self._agent.gossip.problem or "this agent is no member of a fleet")
        return node
