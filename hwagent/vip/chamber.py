"""All groups of this host: hears and tells their voters, opens and shuts the gate for them.

The lease says what is to be done in order, and that order is what makes it safe. Here it is done
for many addresses at once: gates that shut, then addresses, then gates that open, then messages.
"""

import math
import os
import select
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from hwagent.lease import (
    Announce,
    Effect,
    Report,
    Send,
    SetGate,
    Standing,
    Word,
)

from . import effects
from .machine import Machine
from .protocol import Fitness, GroupPlan, Parcel, Plan, Secrets, clock
from .slots import Slots
from .ward import ip

if TYPE_CHECKING:
    from .council import Council


#: Ranks by which a host with a mute port stands behind the others.
_BEHIND = 1000


class Chamber:
    """The councils by name of their group.

    ``settle`` has the machine's decisions about addresses done; ``report`` tells whoever listens.
    """

    def __init__(
        self,
        machine: Machine,
        poll: select.epoll,
        settle: Callable[[], None],
        report: Callable[[effects.Report], None],
    ) -> None:
        self.slots = Slots(poll)
        self._machine = machine
        self._poll = poll
        self._settle = settle
        self._report = report
        self._councils: dict[str, Council] = {}
        self._told: dict[str, Word] = {}
        self._groups: dict[str, str] = {}
        self._unopened: dict[str, float] = {}
        self._secrets = Secrets()
        self._nonce = int.from_bytes(os.urandom(7), "big") | 1

    def __bool__(self) -> bool:
        return bool(self._councils)

    # What comes in

    def plan(self, plan: Plan) -> None:
        """Takes the groups of a plan. Raises ValueError, OSError; the other groups work."""
        self._groups = {ip(vip.address): vip.group for vip in plan.vips if vip.group}
        self._rekey(plan.secrets)
        wanted = {group.name: group for group in plan.groups}
        for name in self._councils.keys() - wanted.keys():
            self._close(self._councils.pop(name))
        problems = [self._try(plan.host, group) for group in wanted.values()]
        for problem in problems:
            if problem is not None:
                raise problem

    def serve(self, number: int) -> bool:
        """Takes what has come in on a socket, if it is the gate's or a council's."""
        if self.slots.serve(number):
            return True
        for council in self._councils.values():
            if council.wire.reads(number):
                self._obey(council, council.receive(number))
                return True
        return False

    def tell(self, said: Fitness) -> None:
        """Passes on what the agent said, for the addresses that can be held here at all."""
        now = clock()
        able, leave = self._machine.able(now), frozenset(said.leave)
        for name, council in self._councils.items():
            standings = {a: self._standing(said, a, a in leave) for a in able.get(name, ())}
            word = Word(standings, min(said.sent, now) + said.ttl)
            if word != self._told.get(name):
                self._told[name] = word
                self._obey(council, council.tell(word))

    def prolong(self, until: float) -> None:
        """What the agent said last stands as it is, for longer."""
        for name, council in self._councils.items():
            if (word := self._told.get(name)) is not None:
                self._told[name] = msgspec.structs.replace(word, until=until)
                council.node.prolong(until)

    def move(self, address: str, successor: str) -> bool:
        """Hands an address (without prefix length) to a member, once that accepts it; false if it
        is in no group."""
        council = self._councils.get(self._groups.get(address, ""))
        if council is not None:
            self._obey(council, council.move(address, successor))
        return council is not None

    def tick(self, now: float) -> bool:
        """Time has passed; true if something else is lacking now."""
        news = False
        for council in self._councils.values():
            news |= council.knock()
            if council.node.due() <= now:
                self._obey(council, council.tick())
                self._vote(council)
            if council.paths.due() <= now and council.greet():
                self._shun()
        return news

    def lacks(self) -> tuple[str, ...]:
        """What keeps this host from holding addresses, but for the voters."""
        found = (text for council in self._councils.values() for text in council.lacks())
        return (*self.slots.lacks(), *found)

    def dropped(self) -> dict[str, int]:
        """Packets of all groups that were dropped, or could not be sent, by reason."""
        found: Counter[str] = Counter()
        for council in self._councils.values():
            found += council.wire.dropped()
        return dict(found)

    def open(self, address: str) -> None:
        """Lets an address pass whose services run now, until the end of its lease."""
        if address in self._unopened and address not in self._machine.unready():
            self.slots.open_until((address,), self._unopened.pop(address))

    def grants(self, address: str) -> bool:
        """Whether an address (without prefix length) is one of a group."""
        return address in self._groups

    def peers(self, address: str) -> dict[str, tuple[str, ...]]:
        """Hosts of an address's group with their addresses; empty if it has no group."""
        council = self._councils.get(self._groups.get(address, ""))
        return {} if council is None else council.peers()

    def holders(self) -> dict[str, tuple[str, int]]:
        """Host and epoch of each address that is held, as far as the voters here know."""
        found: dict[str, tuple[str, int]] = {}
        for council in self._councils.values():
            found.update(council.holders())
        return found

    # What goes out

    def due(self) -> float:
        """When time alone changes something."""
        return min((council.due() for council in self._councils.values()), default=math.inf)

    def wills(self) -> tuple[Parcel, ...]:
        """What the guardian sends if this process dies."""
        return tuple(parcel for c in self._councils.values() for parcel in c.will())

    def close(self) -> None:
        """Gives everything up and says so."""
        for council in self._councils.values():
            self._close(council)
        self._councils.clear()

    # Inside

    def _vote(self, council: "Council") -> None:
        """What this host has just asked itself it hears and answers in the same turn: to wake up
        for a packet costs more than to read it."""
        for _ in ("the question", "the answer"):
            for number in dict.fromkeys(council.wire.echoes()):
                self._obey(council, council.receive(number))

    def _shun(self) -> None:
        """An interface whose port is mute is as good as none, if there is a better one."""
        mute = (address for council in self._councils.values() for address in council.mute())
        self._machine.mute(mute)
        self._settle()

    def _standing(self, said: Fitness, address: str, leaves: bool) -> Standing:
        """A host with a mute port stands behind all others: its routes may still lead there."""
        mute, rank = self._machine.unheard(address), said.ranks.get(address, 0)
        return Standing(rank + _BEHIND * mute, self._willing(said, address), mute or leaves)

    def _willing(self, said: Fitness, address: str) -> bool:
        """Whether this host would take an address; what it has it keeps, ready for it or not."""
        ready = address not in said.unready or self._machine.granted(address)
        return said.fit and ready

    def _try(self, host: str, group: GroupPlan) -> Exception | None:
        try:
            self._convene(host, group)
        except (ValueError, OSError) as e:
            return e
        return None

    def _convene(self, host: str, group: GroupPlan) -> None:
        council = self._councils.get(group.name)
        if council is not None and council.stays(host, group):
            self._obey(council, council.reconfigure(group))
            return
        if council is not None:
            self._close(self._councils.pop(group.name))
        # Not before a group is there to need it: its ciphers weigh more than all the rest
        from .council import Council

        made = Council(host, group, self._nonce, self._secrets, self._poll)
        self._councils[group.name] = made
        self._told.pop(group.name, None)

    def _rekey(self, secrets: Secrets) -> None:
        """New keys for all councils; they keep what they hold."""
        if secrets != self._secrets:
            self._secrets = secrets
            for council in self._councils.values():
                council.rekey(secrets)

    def _close(self, council: "Council") -> None:
        self._obey(council, council.close())
        council.wire.close()
        self._told.pop(council.plan.name, None)

    def _obey(self, council: "Council", wanted: Iterable[Effect]) -> None:
        """Does what a lease wants done; of two things about one address the later one counts."""
        found = list(wanted)
        if not found:
            return
        gates = _latest([effect for effect in found if isinstance(effect, SetGate)])
        for gate in gates:
            if not gate.deadline:
                self.slots.open_until(gate.vips, 0)
        if self._arrange(found):
            self._settle()
        self._open(gates)
        for effect in found:
            if isinstance(effect, Announce):
                self._machine.announce(clock(), effect.vip)
            elif isinstance(effect, Send):
                council.wire.send(effect.to, effect.message)

    def _open(self, gates: Iterable[SetGate]) -> None:
        """Opens the gate, but not for an address whose services do not run yet."""
        unready = self._machine.unready()
        self._unopened = {vip: until for vip, until in self._unopened.items() if vip in unready}
        for vips, until in gates:
            if waiting := unready and unready.intersection(vips):
                self._unopened |= dict.fromkeys(waiting, until)
                vips = tuple(vip for vip in vips if vip not in waiting)
            if until:
                self.slots.open_until(vips, until)

    def _arrange(self, found: list[Effect]) -> bool:
        """Tells the machine which addresses may be held; true if that changes anything.

        The reports say so. The lease's AddAddress and DelAddress come with one each, but where an
        address stays while the lease has lapsed: here it goes, and comes back with the next lease.
        """
        changed = False
        for effect in found:
            if isinstance(effect, Report):
                changed |= self._heed(effect)
        return changed

    def _heed(self, said: Report) -> bool:
        match said.type:
            case "held":
                self._machine.grant(said.vip, said.epoch)
            case "lost":
                self._machine.revoke(said.vip, said.reason)
            case other:
                self._report(effects.Report(said.vip, other, "", said.reason, said.epoch))
                if other != "lapsed":
                    return False
                self._machine.revoke(said.vip, said.reason)
        return True


def _latest(gates: list[SetGate]) -> list[SetGate]:
    """Of two deadlines of one address the later one counts."""
    if len(gates) < 2:
        return gates
    last = {vip: gate.deadline for gate in gates for vip in gate.vips}
    return [SetGate((vip,), deadline) for vip, deadline in last.items()]
