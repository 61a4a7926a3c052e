"""Membership without hands: packets, streams and time go in, effects come out.

SWIM with Lifeguard, as in memberlist, over several networks at once. The organs: who is there
(membership.py), asking them (prober.py), news for all (broadcast.py), everything to one (sync.py),
calling the lost (rejoin.py), everybody's status (status.py).
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping

from .awareness import Awareness
from .broadcast import Class
from .codec import CodecError, decode, encode
from .compound import LENGTH, unpack
from .effects import Consequence, Effect, Event
from .member import Member, State
from .membership import Membership
from .messages import (
    Ack,
    Alive,
    AnyMessage,
    Conflict,
    Dead,
    Endpoint,
    IndirectPing,
    Letter,
    Nack,
    Ping,
    StatusDelta,
    StatusPull,
    Suspect,
    Sync,
    Value,
)
from .outbox import Outbox
from .paths import Paths
from .prober import Prober
from .profile import Profile
from .rejoin import Rejoin
from .status import Statuses
from .sync import Syncer

#: Seconds between two clearings of what is remembered of the dead.
PRUNE_EVERY = 60.0
#: Timers this late are due to this process, not to others.
LATE = 0.05
#: Packets that answer one pull of status.
PULL_PACKETS = 16


class Swim:
    """One member's view and its part in the group's."""

    def __init__(
        self,
        now: float,
        me: Alive,
        profile: Profile,
        rng: random.Random,
        room: int,
        links: tuple[str, ...] = ("",),
    ) -> None:
        self.profile = profile
        self.awareness = Awareness(profile.awareness_max_multiplier)
        self.members = Membership(now, me, profile, self.awareness)
        self.statuses = Statuses(now, me.name, me.session)
        self.paths = Paths(me.name, links)
        self.counters: Counter[str] = Counter()
        self.rejoin = Rejoin(now, profile.reconnect_interval, rng)
        self._rng = rng
        self.out = Outbox(room, me.name, lambda: profile.retransmit_limit(self.members.living))
        self.prober = Prober(
            now,
            self.members,
            self.awareness,
            self.paths,
            self.out,
            rng,
            lambda: self.statuses.mine.version,
        )
        self._syncer = Syncer(self.members, self.statuses)
        self._waiting: dict[int, str] = {}
        self._gossip_at = now + rng.uniform(0, profile.gossip_interval)
        self._sync_at = now + rng.uniform(0, profile.push_pull_interval)
        self._prune_at = now + PRUNE_EVERY
        self._greeted = -math.inf
        self._expected = now
        self.out.check(me)
        self.out.spread(me.name, me, Class.OWN)

    # Inputs

    def receive(self, now: float, source: Endpoint, payload: bytes) -> list[Effect]:
        """A packet that was authenticated."""
        parts, whole = unpack(payload)
        self.counters["truncated"] += not whole
        for part in parts:
            try:
                said = decode(part)
            except CodecError:
                self.counters["malformed"] += 1
                continue
            self._hear(now, source, said)
        return self._done(now)

    def serve(
        self, now: float, source: Endpoint, said: AnyMessage
    ) -> tuple[Ack | Sync | None, list[Effect]]:
        """A request over a stream, and the answer; None if it made no sense."""
        answer: Ack | Sync | None = None
        match said:
            case Ping(number, target, _) if target == self.members.me.name:
                answer = self.prober.ack(number)
            case Sync():
                self._merge(now, source, said)
                answer = self._syncer.response(now, said)
            case _:
                self.counters["unexpected"] += 1
        return answer, self._done(now)

    def answered(
        self, now: float, number: int, source: Endpoint, said: AnyMessage | None
    ) -> list[Effect]:
        """The answer to an exchange; None if there was none."""
        self._waiting.pop(number, None)
        match said:
            case Ack():
                self.prober.acked(now, said, None)
            case Sync():
                self._merge(now, source, said)
        return self._done(now)

    def tick(self, now: float) -> list[Effect]:
        """Time has passed."""
        self._notice_stall(now)
        self.prober.tick(now)
        self._follow(self.members.tick(now))
        if now >= self._gossip_at and len(self.out.news):
            self._gossip(now)
        if now >= self._sync_at:
            self._sync(now)
        if now >= self.rejoin.due and not self.members.leaving:
            self._call_lost(now)
        if now >= self._prune_at:
            self._prune(now)
        return self._done(now)

    def due(self) -> float:
        """When ``tick`` is to be called next."""
        return min(
            self.prober.due(),
            self.members.due(),
            self._gossip_at if len(self.out.news) else math.inf,
            self._sync_at,
            math.inf if self.members.leaving else self.rejoin.due,
            self._prune_at,
        )

    def join(self, now: float, endpoints: Iterable[Endpoint]) -> list[Effect]:
        """Calls hosts that may be members."""
        for endpoint in endpoints:
            self._exchange_all(now, "", endpoint)
        return self._done(now)

    def leave(self, now: float) -> list[Effect]:
        """Says goodbye; the shell goes on for ``leave_propagate_delay`` so that it is heard."""
        self._follow(self.members.leave(now))
        self._gossip(now)
        return self._done(now)

    def publish(self, now: float, values: Mapping[str, Value]) -> list[Effect]:
        """This member's status. Raises TooLarge, and changes nothing."""
        before = self.statuses.mine.write(values)
        for delta in self.statuses.mine.deltas(now, before, self.out.room):
            self._spread_status(delta)
        return self._done(now)

    def tell(self, name: str, subject: str, data: bytes) -> list[Effect]:
        """A letter to one member, at once and once; lost if it is not known or does not fit."""
        member = self.members.get(name)
        to = self.paths.best(name, member.endpoints) if member is not None else None
        letter = Letter(self.members.me.name, subject, data)
        if to is not None and len(encode(letter)) <= self.out.room - LENGTH:
            self.out.packet(name, to, letter)
        else:
            self.counters["letters_lost"] += 1
        return self.out.take()

    def announce(self, now: float, alive: Alive) -> list[Effect]:
        """This member says something new about itself: labels, endpoints, a new session.

        Raises TooLarge, and changes nothing.
        """
        self.out.check(alive)
        self.statuses.new_session(alive.session)
        self._follow(self.members.announce(now, alive))
        return self._done(now)

    # What is said

    def _hear(self, now: float, source: Endpoint, said: AnyMessage) -> None:
        match said:
            case Ping():
                self._pinged(now, said, source)
            case Ack():
                self._acked(now, said, source)
            case Nack():
                self.prober.nacked(said)
            case IndirectPing():
                self.prober.asked(now, said, source)
            case Alive():
                self._follow(self.members.alive(now, said))
            case Suspect():
                self._follow(self.members.suspect(now, said))
            case Dead():
                self._follow(self.members.dead(now, said))
            case Conflict():
                self._follow(self.members.conflict(now, said))
            case StatusDelta():
                if self._status(now, said, source):
                    self._spread_status(said)
            case StatusPull():
                self._answer_pull(now, said, source)
            case Letter():
                self._letter(said, source)
            case _:
                self.counters["unexpected"] += 1

    def _pinged(self, now: float, said: Ping, source: Endpoint) -> None:
        if said.target != self.members.me.name:
            self.counters["wrong_target"] += 1
            return
        self.prober.pinged(now, said, source)
        known = self.members.get(said.source)
        if known is None and now - self._greeted >= self.profile.probe_interval:
            self._greeted = now  # it knows this member, this member does not know it
            self._exchange_all(now, "", source)

    def _acked(self, now: float, said: Ack, source: Endpoint) -> None:
        if not self.prober.acked(now, said, source):
            return
        member = self.members.get(said.source)
        if member is not None:
            pull = self.statuses.behind(now, member.name, member.alive.session, said.status)
            if pull is not None:
                self.out.packet(member.name, source, pull)

    def _status(self, now: float, said: StatusDelta, source: Endpoint) -> bool:
        """Takes what was said of somebody's status; true if it was news."""
        owner = self.members.get(said.owner)
        if owner is None:
            return False
        board = self.statuses.get(said.owner)
        before = (board.session, board.version) if board else None
        pull = self.statuses.take(now, said, owner.alive.session)
        if pull is not None:
            self.out.packet("", source, pull)
        board = self.statuses.get(said.owner)
        if board is None or (board.session, board.version) == before:
            return False
        self.out.events([Event("status", said.owner, {"version": board.version})])
        return True

    def _answer_pull(self, now: float, said: StatusPull, source: Endpoint) -> None:
        room = self.out.room
        for count, delta in enumerate(self.statuses.answer(now, said, room)):
            if count >= PULL_PACKETS:
                return
            self.out.packet("", source, delta)

    def _letter(self, said: Letter, source: Endpoint) -> None:
        """Handed on if it came from where its sender lives: a copy of a host speaks for nobody."""
        member = self.members.get(said.source)
        if member is None or source.host not in {e.host for e in member.endpoints}:
            self.counters["wrong_source"] += 1
            return
        event = Event("letter", said.source, {"subject": said.subject, "data": said.data})
        self.out.events([event])

    def _merge(self, now: float, source: Endpoint, said: Sync) -> None:
        self._follow(self._syncer.merge(now, said))
        for delta in said.deltas:
            self._status(now, delta, source)
        for pull in self._syncer.missing(now, said):
            self.out.packet("", source, pull)

    def _spread_status(self, delta: StatusDelta) -> None:
        self.out.spread(f"{delta.owner}:{delta.until}", delta, Class.STATUS)

    # Time

    def _notice_stall(self, now: float) -> None:
        """This process stood still: it doubts itself before it doubts others."""
        late = now - self._expected
        if late <= LATE:
            return
        self.members.postpone(late)
        self.prober.postpone(late)
        if late >= self.profile.probe_timeout:
            self.awareness.apply(max(1, int(late / self.profile.probe_interval)))
            self.out.events([Event("stalled", self.members.me.name, {"seconds": late})])

    def _gossip(self, now: float) -> None:
        self._gossip_at = now + self.profile.gossip_interval
        since = now - self.profile.gossip_to_the_dead_time
        able = [m for m in self.members.others() if _hears(m, since)]
        for member in self._rng.sample(able, min(len(able), self.profile.gossip_nodes)):
            if to := self.paths.best(member.name, member.endpoints):
                self.out.packet(member.name, to)

    def _sync(self, now: float) -> None:
        self._sync_at = now + self.profile.push_pull_every(self.members.living)
        alive = [m for m in self.members.others() if m.state is State.ALIVE]
        if alive and not self.members.leaving:
            member = self._rng.choice(alive)
            if to := self.paths.best(member.name, member.endpoints):
                self._exchange_all(now, member.name, to)

    def _call_lost(self, now: float) -> None:
        for endpoint in self.rejoin.take(now, list(self.members.others())):
            self._exchange_all(now, "", endpoint)

    def _exchange_all(self, now: float, name: str, to: Endpoint) -> None:
        if to in self.members.me.endpoints or len(self._waiting) >= 64:
            return
        number = self.out.number()
        self._waiting[number] = name
        request = self._syncer.request(now)
        self.out.exchange(number, name, to, request, self.profile.tcp_timeout)

    def _prune(self, now: float) -> None:
        self._prune_at = now + PRUNE_EVERY
        forgotten = self.members.prune(now)
        for event in forgotten:
            if isinstance(event, Event):
                self.statuses.forget(event.member)
        self._follow(forgotten)

    # Consequences

    def _follow(self, consequences: Iterable[Consequence]) -> None:
        found = list(consequences)
        self.out.follow(found)
        for one in found:
            if isinstance(one, Event):
                self._keep_order(one)

    def _keep_order(self, event: Event) -> None:
        """Who is to be probed follows from who is there."""
        if event.member == self.members.me.name:
            return
        if event.type in ("joined", "returned"):
            self.prober.order.add(event.member)
        elif event.type in ("failed", "left"):
            self.prober.forget(event.member)
            self.paths.forget(event.member)

    def _done(self, now: float) -> list[Effect]:
        """News is passed on at once where the last round is an interval ago; memberlist's rounds go
        by the clock, and each hop waits for half of one."""
        self._gossip_at = max(self._gossip_at, now)
        self._expected = self.due()
        return self.out.take()


def _hears(member: Member, since: float) -> bool:
    return member.state <= State.SUSPECT or (
        member.state is State.DEAD and member.changed > since and bool(member.endpoints)
    )
