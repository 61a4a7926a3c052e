"""What people may ask of the running agent: the commands behind ``/v1/control``."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from hwagent.api.backend import Refused
from hwagent.config import ConfigError, nearest
from hwagent.model import Action
from hwagent.respond import Done

from . import storm
from .fleet_control import FleetControl
from .limits import waits
from .past import records
from .request import convert
from .vip_control import VipControl

if TYPE_CHECKING:
    from .agent import Agent

Command = Callable[[dict[str, Any]], Awaitable[Any]]


class SilenceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """No messages about matching components and rules for so many seconds."""

    component: str
    seconds: float
    rule: str = "*"
    comment: str = ""


class IdRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A silence to end."""

    id: str


class AckRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Alerts of a component, or one of them, are known."""

    component: str
    rule: str = ""
    comment: str = ""


class MaintenanceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Maintenance on or off; ``seconds`` 0 means until switched off.

    ``force`` empties the host although another one is being emptied, or rebuilds.
    """

    on: bool
    seconds: float = 0.0
    reason: str = "by hand"
    force: bool = False


class ComponentRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A component to forget."""

    component: str


class ActionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An action that a person wants."""

    name: str
    component: str
    arguments: dict[str, Any] = {}


class NoRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing to be said."""


class Control:
    """Runs the commands on one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        fleet, vip = FleetControl(agent), VipControl(agent)
        #: What people ask of virtual IPs; other agents ask it too.
        self.vip = vip
        self._commands: Mapping[str, Command] = {
            "silence": self.silence,
            "silences": self.silences,
            "unsilence": self.unsilence,
            "ack": self.ack,
            "maintenance": self.maintenance,
            "forget": self.forget,
            "reload": self.reload,
            "notify-test": self.notify_test,
            "action": self.action,
            "join": fleet.join,
            "leave": fleet.leave,
            "keys": fleet.keys,
            "vip-move": vip.move,
            "vip-pin": vip.pin,
            "vip-unpin": vip.unpin,
            "vip-release": vip.release,
            "vip-take": vip.take,
            "storm-release": self.release_storm,
        }

    async def run(self, command: str, arguments: dict[str, Any]) -> Any:
        """Runs one command. Raises Refused."""
        handler = self._commands.get(command)
        if handler is None:
            raise Refused(404, f"no command {command!r}; {nearest(command, self._commands)}")
        return await handler(arguments)

    async def silence(self, arguments: dict[str, Any]) -> Any:
        """Adds a silence."""
        wanted = convert(arguments, SilenceRequest)
        now = self._agent.clock.now()
        core = self._agent.core
        core.silences.add(
            uuid4().hex[:8], wanted.component, wanted.rule, now + wanted.seconds, wanted.comment
        )
        self._agent.note("silence", arguments)
        self._agent.memory.save()
        return await self.silences({})

    async def silences(self, arguments: dict[str, Any]) -> Any:
        """All silences that hold."""
        listed = self._agent.core.silences.active(self._agent.clock.now())
        return {
            "silences": [{**msgspec.to_builtins(s), "until_text": _time(s.until)} for s in listed]
        }

    async def unsilence(self, arguments: dict[str, Any]) -> Any:
        """Ends a silence."""
        if not self._agent.core.silences.remove(convert(arguments, IdRequest).id):
            raise Refused(404, f"no silence {arguments['id']!r}")
        self._agent.memory.save()
        return await self.silences({})

    async def ack(self, arguments: dict[str, Any]) -> Any:
        """Acknowledges alerts until they change."""
        wanted = convert(arguments, AckRequest)
        chosen = [
            a
            for a in self._agent.core.alerts()
            if a.component == wanted.component and wanted.rule in ("", a.rule)
        ]
        if not chosen:
            raise Refused(404, f"no alert on {wanted.component}; see `hwagent alerts`")
        for alert in chosen:
            self._agent.core.acks.add(alert, wanted.comment)
        self._agent.note("ack", arguments)
        self._agent.memory.save()
        return {"acknowledged": [{"rule": a.rule, "component": a.component} for a in chosen]}

    async def maintenance(self, arguments: dict[str, Any]) -> Any:
        """Maintenance on or off."""
        wanted = convert(arguments, MaintenanceRequest)
        now = self._agent.clock.now()
        room = self._agent.core.maintenance
        if wanted.on:
            await self._agent.limits.drain(wanted.force)
            room.on(wanted.reason, now + wanted.seconds if wanted.seconds else None)
        else:
            room.off()
        self._agent.apply(self._agent.core.tick(now))
        self._agent.note("maintenance", arguments)
        self._agent.memory.save()
        return {"maintenance": room.reason(now)}

    async def forget(self, arguments: dict[str, Any]) -> Any:
        """Forgets a vanished component."""
        id = convert(arguments, ComponentRequest).component
        effects = self._agent.core.forget(self._agent.clock.now(), id)
        if not effects:
            raise Refused(409, f"{id} has not vanished, or is not known")
        self._agent.apply(effects)
        return {"forgotten": id}

    async def reload(self, arguments: dict[str, Any]) -> Any:
        """Reads the configuration anew; a bad one leaves the old one in force and says so."""
        try:
            self._agent.reload()
        except ConfigError as e:
            self._agent.config_problem = f"the new configuration is not in force: {e}"
            self._agent.note("reload", {"error": str(e)})
            raise Refused(422, str(e)) from None
        self._agent.note("reload", {"ok": True})
        return {"ok": True}

    async def notify_test(self, arguments: dict[str, Any]) -> Any:
        """Sends a test message to every receiver."""
        now = self._agent.clock.now()
        results = []
        for delivery in self._agent.core.schedule.test(now):
            problem = await self._agent.telling.deliver(delivery)
            results.append({"receiver": delivery.receiver, "problem": problem})
        return {"receivers": results}

    async def action(self, arguments: dict[str, Any]) -> Any:
        """An action by a person."""
        wanted = convert(arguments, ActionRequest)
        action = Action(
            id=uuid4().hex,
            name=wanted.name,
            component=wanted.component,
            cause="by hand",
            arguments=wanted.arguments,
        )
        step = self._agent.request(action)
        if waits(step) and await self._agent.limits.granted():
            step = self._agent.request(action)
        if isinstance(step, Done):
            return {"result": step.outcome.result, "detail": step.outcome.detail}
        return {"result": "started", "detail": action.id}

    async def release_storm(self, arguments: dict[str, Any]) -> Any:
        """Lets all hosts act again: alerts of before now are no part of a storm any more."""
        convert(arguments, NoRequest)
        agent = self._agent
        if not (text := agent.core.fleet.storm):
            raise Refused(409, "there is no storm")
        agent.orders.give(storm.RELEASE, "released")
        agent.note("storm-release", {"storm": text})
        return {"released": True}

    async def history(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Records of the journal. Raises Refused."""
        try:
            span = float(query.get("span", "86400"))
            limit = min(int(query.get("limit", "1000")), 10_000)
        except ValueError as e:
            raise Refused(400, f"not a number: {e}") from None
        types = tuple(t for t in query.get("types", "").split(",") if t)
        since = self._agent.clock.now() - span
        try:
            found = await records(
                self._agent.options.places.journal, since, query.get("component", ""), types, limit
            )
        except (TimeoutError, OSError) as e:
            raise Refused(503, f"the journal cannot be read: {e or 'no answer'}") from None
        return [msgspec.to_builtins(r) for r in found]


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(min(seconds, time.time() + 3.2e9)).strftime("%Y-%m-%d %H:%M")
