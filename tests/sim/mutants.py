"""The protocol broken on purpose, one hole of LEASE.md each: the simulation must catch every one.

A mutant replaces a few attributes of the real classes while it is applied. ``seeds`` are schedules
that catch it, found by ``make sim-mutants`` and replayed by ``make test``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hwagent.lease import Group, Now, SetGate
from hwagent.lease.beats import Sent
from hwagent.lease.epochs import Epochs
from hwagent.lease.group import Electorate
from hwagent.lease.holding import Holding
from hwagent.lease.messages import Ack, Heartbeat, encode
from hwagent.lease.owner import Owner
from hwagent.lease.tally import Peer, Tally
from hwagent.lease.voter import Session, Voter

from .faults import Faults
from .host import Host
from .world import World


class Mutant(NamedTuple):
    """What is broken, by which new attributes of which classes, and schedules that show it."""

    name: str
    patches: tuple[tuple[type, str, Any], ...]
    seeds: tuple[int, ...] = ()


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """The protocol is broken inside."""
    before = [(owner, name, owner.__dict__[name]) for owner, name, _ in mutant.patches]
    for owner, name, value in mutant.patches:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


# Voters


def _talks_at_once(real: Any) -> Any:
    def init(self: Voter, now: float, name: str, nonce: int, group: Group) -> None:
        real(self, now, name, nonce, group)
        self._silent_until = now

    return init


def _acks_the_unrecorded(self: Voter, now: float, message: Heartbeat) -> Ack | None:
    """Renews the session in general: whatever list it has, the answer is yes."""
    session = self._session(message.owner, message.nonce)
    if message.claims is None and message.digest != session.digest and message.seq > session.seq:
        session.seq = message.seq
        self._renew(now, session, message.lease / 1000)
        return self._answer(now, message)
    return _heartbeat(self, now, message)


def _promises_the_shorter(self: Voter, now: float, session: Session, lease: float) -> Any:
    refusals = _renew(self, now, session, lease)
    session.expires = now + min(lease, self._group.lease)
    return refusals


def _shortens(self: Voter, now: float, session: Session, lease: float) -> Any:
    """A heartbeat of a shorter lease ends a promise made for a longer one sooner."""
    refusals = _renew(self, now, session, lease)
    session.expires = now + max(lease, self._group.lease)
    return refusals


def _takes_old_numbers(self: Voter, now: float, message: Heartbeat) -> Ack | None:
    session = self._session(message.owner, message.nonce)
    session.seq = min(session.seq, message.seq)
    return _heartbeat(self, now, message)


def _grants_any_epoch(self: Voter, now: float, session: Session, claim: Any) -> Any:
    self._fences.pop(claim.vip, None)
    return _grant(self, now, session, claim)


def _drops_at_once(self: Voter, now: float, group: Group) -> None:
    self._next, self._next_at = group, now
    self._turn(now)


_heartbeat, _renew, _grant = Voter.heartbeat, Voter._renew, Voter._grant


# Owners


def _counts_from_the_ack(self: Owner, now: Now, source: str, ack: Ack) -> None:
    if ack.seq in self._beats.sent and ack.owner == self._nonce:
        self._beats.sent[ack.seq] = Sent(now.boot, now.boot + self._group.term)
    _ack(self, now, source, ack)


def _counts_the_new_length(self: Owner, now: Now, source: str, ack: Ack) -> None:
    if (sent := self._beats.sent.get(ack.seq)) is not None:
        self._beats.sent[ack.seq] = Sent(sent.at, sent.at + self._group.term)
    _ack(self, now, source, ack)


def _raises_at_once(self: Owner, now: Now, holding: Holding) -> None:
    """A higher epoch is used before a majority knows it."""
    _raise(self, now, holding)
    holding.raised, holding.granted = 0, holding.epoch
    self._report(holding, "held", "")


def _judges_later(self: Owner, now: Now, source: str, ack: Ack) -> None:
    """Takes acks from the queue by the clock of its last heartbeat."""
    _ack(self, now._replace(boot=max(self._beats._last, now.boot - 10)), source, ack)


def _votes_unasked(self: Owner, now: Now) -> None:
    """The own vote is taken for granted."""
    _tick(self, now)
    self._tally._seqs[self._name] = self._beats.seq


def _no_bounds(self: Group) -> float:
    return self.lease


def _no_rate(self: Group) -> float:
    return self.lease * (1 - self.slew)


def _no_slew(self: Group) -> float:
    return self.lease * (1 - 2 * self.rate)


def _half(real: Any) -> Any:
    def init(self: Electorate, voters: Any, longest: float) -> None:
        real(self, voters, longest)
        self.majority = max(len(voters) // 2, 1)

    return init


def _only_the_new(self: Group) -> tuple[Electorate, ...]:
    return (self.voters,)


def _releases_first(
    self: Owner, now: Now, holdings: list[Holding], successor: str, why: str
) -> None:
    """The release leaves before the gate is shut."""
    start = len(self._out)
    _give(self, now, holdings, successor, why)
    given = self._out[start:]
    self._out[start:] = sorted(given, key=lambda e: isinstance(e, SetGate))


def _counts_late_acks(self: Owner, now: Now, vip: str) -> Holding:
    """An ack counts for a VIP whenever it was claimed."""
    holding = _claim(self, now, vip)
    holding.seq = 0
    return holding


def _counts_paths(self: Tally, peer: Peer, ack: Ack) -> bool:
    """Each answer is a vote, by whatever way it came."""
    if peer.seq == ack.seq:
        self._seqs[f"{peer.name} again"] = ack.seq
    return _count(self, peer, ack)


def _counts_all_paths(self: Electorate, seqs: Any, need: int, without: Any) -> int:
    names = {name for name in seqs if name.split()[0] in self.voters}
    reached = sorted((seqs[n] for n in names if n.split()[0] not in without), reverse=True)
    return reached[need - 1] if len(reached) >= need else -1


def _counts_clones(self: Tally, now: float, source: str, ack: Ack) -> Peer | None:
    peer = self.peers.get(ack.voter)
    return _identify(self, now, peer.addresses[0], ack) if peer is not None else None


def _votes_for_itself(self: World, host: Host, effect: Any) -> None:
    """A copied host does not ask the address that the voter set names for its own vote."""
    if effect.to.split(".")[0] == host.name and host.key != host.name:
        self.at(self.time + 1e-5, host.receive, host.addresses[0], encode(effect.message))
        return
    _send(self, host, effect)


def _counts_itself(self: Epochs, now: Now, vip: str) -> int:
    """Each host counts on its own."""
    self._highest[vip] = self._highest.get(vip, 0) + 1
    return self._highest[vip]


def _hears_nothing(self: Epochs, vip: str, epoch: int) -> None:
    """What others say of epochs is not heard."""


def _no_floor(self: Epochs, now: Now, vip: str) -> int:
    return _next(self, now._replace(wall=0.0), vip)


_ack, _tick, _give = Owner.ack, Owner.tick, Owner._give
_claim, _raise, _next = Owner._claim, Owner._raise, Epochs.next
_count, _identify = Tally.count, Tally.identify
_send = World.send


# The shell


def _relative_gate(self: Host, decided: Now, effect: SetGate) -> None:
    """What an nftables timeout does: the time left is counted from the writing."""
    left = effect.deadline - decided.boot
    late = effect._replace(deadline=self.now().boot + left) if effect.deadline else effect
    _set_gate(self, decided, late)


def _stale_clock(self: Host) -> Now:
    """One reading of the clock for all that waits in the queue, from before the pause."""
    return self._paused_at


def _will_first(self: Faults, host: Host, node: Any) -> Any:
    shut, take, will = _last_will(self, host, node)
    return will, shut, take


_set_gate, _last_will = Host.set_gate, Faults.last_will

MUTANTS = (
    Mutant(
        "no silence after the start",
        ((Voter, "__init__", _talks_at_once(Voter.__init__)),),
        (338, 372),
    ),
    Mutant("time counted from the ack", ((Owner, "ack", _counts_from_the_ack),), (1101, 1267)),
    Mutant(
        "an ack for a claim not recorded", ((Voter, "heartbeat", _acks_the_unrecorded),), (40, 135)
    ),
    Mutant(
        "another voter set is answered", ((Group, "answers", lambda self, sets: True),), (122, 182)
    ),
    Mutant("no bound of clock errors", ((Group, "term", property(_no_bounds)),), (41, 43)),
    Mutant("no bound of the clock rate", ((Group, "term", property(_no_rate)),), (483, 1183)),
    Mutant("no bound of the slew", ((Group, "term", property(_no_slew)),), (41, 291)),
    Mutant("release before the gate shuts", ((Owner, "_give", _releases_first),), (30, 54)),
    Mutant("late acks after a release", ((Owner, "_claim", _counts_late_acks),), (2, 4)),
    Mutant(
        "half instead of a majority",
        ((Electorate, "__init__", _half(Electorate.__init__)),),
        (0, 4),
    ),
    Mutant(
        "relative timeout written after a pause", ((Host, "set_gate", _relative_gate),), (35, 50)
    ),
    Mutant("one clock reading for a batch", ((Host, "_queued", _stale_clock),), (977, 1418)),
    Mutant(
        "the new voter set alone in a transition",
        ((Group, "electorates", property(_only_the_new)),),
        (19, 29),
    ),
    Mutant(
        "the old voter set is dropped at once", ((Voter, "reconfigure", _drops_at_once),), (41, 64)
    ),
    Mutant("the shorter lease is promised", ((Voter, "_renew", _promises_the_shorter),), (80, 89)),
    Mutant("a shorter lease shortens a promise", ((Voter, "_renew", _shortens),), (76, 361)),
    Mutant(
        "an ack counts for a lease made longer since",
        ((Owner, "ack", _counts_the_new_length),),
        (274, 361),
    ),
    Mutant("old sequence numbers count", ((Voter, "heartbeat", _takes_old_numbers),), (138, 153)),
    Mutant(
        "a voter counts once a path",
        ((Tally, "count", _counts_paths), (Electorate, "newest", _counts_all_paths)),
        (14, 33),
    ),
    Mutant(
        "a cloned voter counts",
        ((Tally, "identify", _counts_clones), (World, "send", _votes_for_itself)),
        (254, 306),
    ),
    Mutant(
        "the will is sent before the gate shuts", ((Faults, "last_will", _will_first),), (26, 106)
    ),
    Mutant("queued packets before the clock", ((Owner, "ack", _judges_later),), (431, 810)),
    Mutant("the own vote without asking", ((Owner, "tick", _votes_unasked),), (1373, 1391)),
    Mutant(
        "the epoch does not grow",
        (
            (Epochs, "next", _counts_itself),
            (Epochs, "heard", _hears_nothing),
            (Voter, "_grant", _grants_any_epoch),
        ),
        (0, 1),
    ),
    Mutant("voters take any epoch", ((Voter, "_grant", _grants_any_epoch),), (253, 368)),
    Mutant("no floor under the epoch", ((Epochs, "next", _no_floor),), (10, 13)),
    Mutant(
        "a higher epoch before voters know it", ((Owner, "_raise", _raises_at_once),), (297, 9534)
    ),
)
