"""Asking the members in turn whether they are there, and helping others ask."""

import random
from collections.abc import Callable

from .awareness import Awareness
from .coordinates import Coordinate, Locator, unpack
from .effects import Event
from .member import Member, State
from .membership import Membership
from .messages import Ack, Endpoint, IndirectPing, Message, Nack, Ping, Suspect
from .outbox import Outbox
from .paths import Paths
from .probe import NACK_SHARE, Order, Round
from .relay import Relay, Relays


class Prober:
    """One probe at a time, and what this member does in the place of others."""

    def __init__(
        self,
        now: float,
        members: Membership,
        awareness: Awareness,
        paths: Paths,
        out: Outbox,
        rng: random.Random,
        status_version: Callable[[], int],
    ) -> None:
        self.locator = Locator(rng)
        self.order = Order(rng)
        self._members = members
        self._profile = members.profile
        self._awareness = awareness
        self._paths = paths
        self._out = out
        self._rng = rng
        self._status_version = status_version
        self._round: Round | None = None
        self._last: Round | None = None
        self._relays = Relays()
        self._coordinates: dict[str, Coordinate] = {}
        self._next = now + rng.uniform(0, self._profile.probe_interval)

    # Time

    def due(self) -> float:
        """When something is to be done."""
        mine = self._round.due() if self._round else self._next
        return min(mine, self._relays.due())

    def tick(self, now: float) -> None:
        """Time has passed."""
        for relay in self._relays.silent(now):
            self._out.packet(relay.origin, relay.reply, Nack(relay.number, self._me))
        if self._round is not None and self._round.due() <= now:
            if self._round.indirect:
                self._end(now, self._round)
            else:
                self._go_indirect(now, self._round)
        if now >= self._next and self._round is None:
            self._start(now)

    def postpone(self, seconds: float) -> None:
        """This process stood still for so long."""
        if self._round is not None:
            self._round.postpone(seconds)

    def coordinate(self, name: str) -> Coordinate | None:
        """Where a member is in the space of round-trip times, as it said last; this one too."""
        return self.locator.here if name == self._me else self._coordinates.get(name)

    def forget(self, name: str) -> None:
        """A member is not to be probed any more."""
        self.order.remove(name)
        self._coordinates.pop(name, None)
        if self._round is not None and self._round.target == name:
            self._round = None

    # What came in

    def pinged(self, now: float, said: Ping, source: Endpoint) -> None:
        """Somebody asks whether this member is there; one that is accused hears so at once."""
        known = self._members.get(said.source)
        self._out.packet(said.source, source, self.ack(said.number), *self._accusation(known))

    def ack(self, number: int) -> Ack:
        """The answer to a ping."""
        return Ack(number, self._me, self.locator.here.pack(), self._status_version())

    def asked(self, now: float, said: IndirectPing, source: Endpoint) -> None:
        """Somebody wants another pinged."""
        target = self._members.get(said.target)
        to = self._paths.best(said.target, target.endpoints) if target else None
        wait = said.within / 1000
        relay = Relay(
            said.source, source, said.number, said.target, now + NACK_SHARE * wait, now + wait
        )
        number = self._out.number()
        if to is None or not self._relays.begin(number, relay):
            self._out.packet(said.source, source, Nack(said.number, self._me))
            return
        self._out.packet(said.target, to, Ping(number, said.target, self._me))

    def acked(self, now: float, said: Ack, source: Endpoint | None) -> bool:
        """An answer; ``source`` None: over a stream. True if it came from the member itself."""
        current = self._round
        if current is not None and current.number == said.number:
            return said.source == current.target and self._heard(now, current, said, source)
        if self._last is not None and self._last.number == said.number:
            return said.source == self._last.target and self._heard_too(said, source)
        relay = self._relays.answered(said.number, said.source)
        if relay is not None:
            reply = Ack(relay.number, said.source)
            self._out.packet(relay.origin, relay.reply, reply)
        return False

    def nacked(self, said: Nack) -> None:
        """A helper heard nothing; too late or unasked it counts for nothing."""
        if self._round is not None and self._round.number == said.number:
            self._round.nack(said.source)

    # One round

    @property
    def _me(self) -> str:
        return self._members.me.name

    def _start(self, now: float) -> None:
        self._next = now + self._awareness.scale(self._profile.probe_interval)
        target = self._pick()
        if target is None:
            return
        to = self._paths.next_probe(target.name, target.endpoints)
        if to is None:
            return
        number = self._out.number()
        timeout = self._awareness.scale(self._profile.probe_timeout)
        self._round = Round(now, number, target.name, to.link, timeout)
        ping = Ping(number, target.name, self._me)
        self._out.packet(target.name, to, ping, *self._accusation(target))
        for other in self._paths.to_look_at(now, target.name, target.endpoints):
            if other != to:
                self._out.packet(target.name, other, ping)

    def _pick(self) -> Member | None:
        for _ in range(self._members.living):
            name = self.order.take()
            member = self._members.get(name) if name else None
            if member is None or not member.gone:
                return member
        return None

    def _accusation(self, member: Member | None) -> list[Message]:
        """Lifeguard's third part, the buddy: who is accused hears it with the next ping."""
        if member is None or member.state is State.ALIVE:
            return []
        if member.gone:
            return [self._members.obituary(member)]
        accuser = member.suspicion.accusers[0] if member.suspicion else self._me
        return [Suspect(member.name, member.incarnation, accuser)]

    def _go_indirect(self, now: float, current: Round) -> None:
        target = self._members.get(current.target)
        if target is None:
            self._round = None
            return
        interval = self._awareness.scale(self._profile.probe_interval)
        ends_at = max(now, current.started + interval)
        helpers = self._helpers(current.target)
        current.go_indirect(ends_at, {m.name for m in helpers})
        request = IndirectPing(
            current.number, current.target, self._me, max(0, round((ends_at - now) * 1000))
        )
        for helper in helpers:
            if to := self._paths.best(helper.name, helper.endpoints):
                self._out.packet(helper.name, to, request)
        self._try_elsewhere(current, target, ends_at - now)

    def _try_elsewhere(self, current: Round, target: Member, wait: float) -> None:
        """Every other network, and TCP: UDP alone may be lost or filtered."""
        ping = Ping(current.number, target.name, self._me)
        ways = self._paths.reachable(target.endpoints)
        for way in ways:
            if way.link != current.link:
                self._out.packet(target.name, way, ping)
        if to := self._paths.best(target.name, target.endpoints):
            self._out.exchange(current.number, target.name, to, ping, wait)

    def _helpers(self, target: str) -> list[Member]:
        able = [m for m in self._members.others() if m.state is State.ALIVE and m.name != target]
        return self._rng.sample(able, min(len(able), self._profile.indirect_checks))

    def _heard(self, now: float, current: Round, said: Ack, source: Endpoint | None) -> bool:
        link = self._direct(current.target, source)
        first = current.answered(_how(link, source))
        if first:
            self._awareness.apply(-1)
        if link is None:
            return source is None
        rtt = now - current.started if not current.indirect else None
        self._out.events(self._paths.worked(current.target, link, rtt))
        if rtt is not None and (there := unpack(said.coordinate)):
            self._coordinates[current.target] = there
            self.locator.measured(there, rtt)
        if link == current.link:
            self._round, self._last = None, current
        return True

    def _heard_too(self, said: Ack, source: Endpoint | None) -> bool:
        """One more answer to a probe that was answered: another way works too."""
        link = self._direct(said.source, source)
        if link is not None:
            self._out.events(self._paths.worked(said.source, link, None))
        return link is not None

    def _direct(self, target: str, source: Endpoint | None) -> str | None:
        """The link over which an answer came from the target itself; None if it did not."""
        member = self._members.get(target)
        if member is None or source is None:
            return None
        hosts = {(e.host, e.port) for e in member.endpoints}
        return source.link if (source.host, source.port) in hosts else None

    def _end(self, now: float, current: Round) -> None:
        self._round = None
        target = self._members.get(current.target)
        if target is None or target.gone:
            return
        if current.how:
            self._out.events(self._paths.failed(target.name, current.link, current.how))
            return
        self._awareness.apply(current.blame())
        evidence = current.evidence()
        said = Suspect(target.name, target.incarnation, self._me, evidence)
        self._out.follow(self._members.suspect(now, said))
        data = {"evidence": evidence, "awareness": self._awareness.score}
        self._out.events([Event("probe_failed", target.name, data)])


def _how(link: str | None, source: Endpoint | None) -> str:
    if link is not None:
        return link or "its network"
    return "tcp" if source is None else "helpers"
