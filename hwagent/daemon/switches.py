"""The switches around the host: a process of its own polls them, where any are configured."""

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from hwagent.api.exposition import simple_family
from hwagent.cluster.messages import Value
from hwagent.config import Config
from hwagent.config.switches import Switch, Traps
from hwagent.helper.protocol import LENGTH, MESSAGE_MAX
from hwagent.model import Sample
from hwagent.snmp.messages import (
    Checked,
    Dropped,
    FromPoller,
    Hurry,
    Locate,
    Orders,
    Polled,
    Roles,
    ToPoller,
    Trapped,
    from_poller,
    sent,
)

from .cards import Cards
from .far_ends import JOB as FAR
from .far_ends import FarEnds
from .inherited import Inherited, Members
from .inventory import Job, Joined
from .looker import Failed, Found, Gone
from .piped import Piped
from .sharing import Decision, Sharing

log = logging.getLogger("hwagent")
#: Seconds for a poller to end: it leaves nothing behind.
GRACE = 1.0
#: Seconds between two looks at what the others say.
FOLLOW_EVERY = 0.5
#: Seconds between two looks at both ends of this host's cables.
COMPARE_EVERY = 10.0
#: Key of a host's status: how many switches it has configured.
_WATCHING = "switches"
_COMMAND = (sys.executable, "-m", "hwagent.snmp")


class Fellows(Protocol):
    """The other members of the fleet."""

    def others(self) -> Sequence[tuple[str, bool, Mapping[str, Value]]]:
        """Name, whether it is alive, and status of each."""

    def changed(self) -> None:
        """Something that they should know has changed."""


class Switches:
    """The agent's side of the poller.

    What a switch is made of comes with the job ``switch/NAME``, whether it answers with
    ``switch/NAME/answer``: a switch that does not answer is a finding, its ports are unknown.
    Where others poll a switch, its parts are known there.
    """

    def __init__(
        self,
        found: Found,
        failed: Failed,
        gone: Gone,
        withdraw: Gone,
        host: str,
        fellows: Fellows,
        command: Sequence[str] = _COMMAND,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._found, self._failed, self._gone, self._withdraw = found, failed, gone, withdraw
        self._fellows = fellows
        self._now = now
        self._sharing = Sharing(host)
        self._inherited = Inherited()
        self._cards = Cards(host)
        self._far = FarEnds(host, self._cards)
        self._ends: list[Sample] = []
        self._addresses: list[str] = []
        self._decisions: dict[str, Decision] = {}
        self._news = asyncio.Event()
        self._say: Callable[[ToPoller], None] | None = None
        self._switches: dict[str, Switch] = {}
        self._makers: list[str] = []
        self._traps = Traps()
        self._told: dict[str, Value] = {}
        self._last: dict[str, dict[str, Sample]] = {}
        #: What was wrong with the last poll of each.
        self._problems: dict[str, str] = {}
        self._trapped: Counter[str] = Counter()
        self._dropped: dict[str, int] = {}
        #: Why traps are not heard; empty if they are, or need not be.
        self.problem = ""
        self._process = Piped(command, "polls switches", self, GRACE)

    def configure(self, config: Config) -> None:
        """Takes the switches of the configuration; those that are gone are seen no more."""
        wanted = {switch.name: switch for switch in config.switches}
        for name in self._switches.keys() - wanted.keys():
            self._gone(_parts(name))
            self._gone(_answer(name))
            self._last.pop(name, None)
            self._far.dropped(name)
        orders = (wanted, config.makers, config.traps)
        if orders != (self._switches, self._makers, self._traps):
            self._switches, self._makers, self._traps = orders
            self._process.change()
        self._sharing.configure(config.switches)
        self._inherited.configure(wanted)
        self._decide()

    def values(self) -> dict[str, Value]:
        """What the fleet is told, as keys of this host's status."""
        own = {**self._sharing.values(), **self._inherited.values(), **self._far.values}
        return own | ({_WATCHING: len(self._switches)} if self._switches else {})

    def changed(self, component: Joined | None) -> None:
        """A component of this host has changed: a card that lost its link says that the port at its
        other end has, which is looked at once."""
        if component is None:
            return
        port = self._cards.take(self._now(), component)
        self._forget_ends()
        name = port.partition(":")[2].partition("/")[0]
        if name not in self._switches:
            return
        if self._polls(name):
            self._order(Hurry(name, [port]))
        else:
            self._sharing.hint(name)
            self._fellows.changed()

    def heard(self) -> None:
        """The fleet has news."""
        self._news.set()

    async def follow(self) -> None:
        """Does what the words of others ask for, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self._switches:
                self._decide()
                for name in self._sharing.hinted(self._fellows.others()):
                    self._order(Hurry(name))
            await asyncio.sleep(FOLLOW_EVERY)

    async def compare(self) -> None:
        """Holds what the switches say of the other ends of this host's cables beside them, until
        cancelled."""
        while True:
            self._compare(self._fellows.others())
            await asyncio.sleep(COMPARE_EVERY)

    def _compare(self, members: Members) -> None:
        before = self._far.values
        watched = bool(self._switches) or any(v.get(_WATCHING) for _, _, v in members)
        addresses = self._far.look(members, watched)
        if before != self._far.values:
            self._fellows.changed()
        if addresses != self._addresses:
            self._addresses = addresses
            self._order(Locate(addresses))
        ends = self._far.samples(members)
        if ends != self._ends:
            self._ends = ends
            self._found(FAR, ends)

    def _forget_ends(self) -> None:
        """Of what is gone nothing is said any more: it would not look gone otherwise."""
        there = [sample for sample in self._ends if self._cards.knows(sample.id)]
        if len(there) < len(self._ends):
            self._ends = there
            self._found(FAR, there)

    def metrics(self) -> Iterator[str]:
        """Finished families, in OpenMetrics text."""
        if self._traps.bind:
            yield simple_family(
                "hwagent_traps_dropped", "counter", "datagrams at the port of traps, by reason",
                [({"reason": reason}, n) for reason, n in sorted(self._dropped.items())],
            )  # fmt: skip

    async def run(self) -> None:
        """Keeps a poller running while there are switches, until cancelled."""
        await self._process.run()

    def needed(self) -> bool:
        """Whether there are switches."""
        return bool(self._switches)

    def begun(self, writer: asyncio.StreamWriter) -> None:
        """A poller has started."""
        self.problem = ""
        self.obeyed(lambda message: None if writer.is_closing() else writer.write(sent(message)))

    async def listen(self, stream: asyncio.StreamReader) -> None:
        """Takes what the poller tells."""
        while True:
            try:
                size = int.from_bytes(await stream.readexactly(LENGTH), "big")
                if size > MESSAGE_MAX:
                    return
                self.take(from_poller.decode(await stream.readexactly(size)))
            except (EOFError, msgspec.DecodeError):
                return

    def died(self) -> None:
        """Nobody polls until another poller has started."""
        for name in self._switches:
            self._sharing.heard(name, False)
            self._far.dropped(name)
            if self._polls(name):
                self._failed(_parts(name), "the process that polls switches ended", False)
        self._decide()

    def obeyed(self, say: Callable[[ToPoller], None]) -> None:
        """There is a poller; ``say`` tells it something."""
        self._say = say
        self._order(Orders(list(self._switches.values()), self._makers, self._traps))
        self._order(self._roles())
        self._order(Locate(self._addresses))

    def take(self, message: FromPoller) -> None:
        """The poller tells something."""
        match message:
            case Polled():
                self._polled(message)
            case Checked(name, answered):
                self._sharing.heard(name, answered)
                self._decide()
            case Trapped(name, oid):
                self._trapped[name] += 1
                log.info("switch %s sent trap %s", name, oid)
                if not self._polls(name):
                    self._sharing.hint(name)
                    self._fellows.changed()
            case Dropped(reasons, problem):
                self._dropped, self.problem = reasons or self._dropped, problem or self.problem

    def _polled(self, polled: Polled) -> None:
        if polled.name not in self._switches or not self._polls(polled.name):
            return
        if polled.samples:
            self._whole(polled)
            self._show(polled.name)
        else:
            self._far.dropped(polled.name)
            self._failed(_parts(polled.name), polled.why, False)
        self._problems[polled.name] = polled.why
        self._sharing.heard(polled.name, polled.answered)
        self._decide()
        self._tell(polled.name)

    def _decide(self) -> None:
        """Takes what follows from this host's words and the others'."""
        said, before = self.values(), self._decisions
        roles, members = self._roles(), self._fellows.others()
        self._decisions = self._sharing.decide(members)
        for name, decision in self._decisions.items():
            if decision != before.get(name):
                self._turn(name, before.get(name), decision)
        if self._roles() != roles:
            self._order(self._roles())
            self._resume(before)
        self._inherit(members)
        if before != self._decisions or said != self._told:
            self._told = self.values()
            self._fellows.changed()

    def _turn(self, name: str, before: Decision | None, now: Decision) -> None:
        """Another decision about a switch."""
        if before and before.poller != now.poller:
            log.info("switch %s is polled by %s", name, now.poller)
        if before and before.role == "poll" != now.role:
            self._last.pop(name, None)
            self._far.dropped(name)
            self._withdraw(_parts(name))
        if before or now.role != "poll":  # else the first poll tells
            self._tell(name)

    def _tell(self, name: str) -> None:
        """What is known of the switch as a whole."""
        switch, decision = self._switches[name], self._decisions[name]
        reachable = {} if decision.reachable is None else {"reachable": int(decision.reachable)}
        answer = Sample(
            id=f"switch:{name}",
            kind="switch",
            attributes={
                "name": name,
                "address": switch.address,
                "polled_by": decision.poller,
                "problem": self._problems.get(name, ""),
            },
            metrics={
                **reachable,
                "polled_here": int(decision.role == "poll"),
                "traps": self._trapped[name],
            },
            unreadable=decision.why if decision.role == "poll" else "",
        )
        self._found(_answer(name), [answer])

    def _polls(self, name: str) -> bool:
        return name in self._decisions and self._decisions[name].role == "poll"

    def _roles(self) -> Roles:
        return Roles({name: decision.role for name, decision in self._decisions.items()})

    def _order(self, message: ToPoller) -> None:
        if self._say is not None:
            self._say(message)

    def _whole(self, polled: Polled) -> None:
        """Takes all components of a switch, those that are as they were among them."""
        before = self._last.get(polled.name, {})
        kept = [before[id] for id in polled.same if id in before]
        self._last[polled.name] = {s.id: s for s in (*polled.samples, *kept)}

    def _show(self, name: str) -> None:
        """Tells of the components of a switch, with what was better before."""
        read = self._last[name].values()
        self._far.polled(name, read)
        self._found(_parts(name), self._inherited.polled(self._now(), name, read))

    def _resume(self, before: Mapping[str, Decision]) -> None:
        """Of switches that this host polls from now on: ports that others saw lose their link."""
        for name, decision in self._decisions.items():
            new = name not in before or before[name].role != "poll" == decision.role
            if new and (lost := self._inherited.lost(name)):
                self._order(Hurry(name, lost))

    def _inherit(self, members: Members) -> None:
        """Takes in what others remember of the switches."""
        for name, decision in self._decisions.items():
            mine = decision.role == "poll"
            lost = self._inherited.hear(self._now(), name, decision.poller, members, mine)
            if lost is None or not mine:
                continue
            if lost:
                self._order(Hurry(name, lost))
            if name in self._last:
                self._show(name)


def _parts(name: str) -> Job:
    return ("switch", name)


def _answer(name: str) -> Job:
    return ("switch", f"{name}/answer")
