"""An owner of VIPs, and a candidate for more: asks the voters, and opens the gate while they agree.

Rules (numbers as in the design, LEASE.md):

2. A claim is won, and renewed, only by acks to heartbeats whose list had it.
3. It ends ``Group.term`` after this host's own sending of the newest heartbeat that a majority has
   granted. The own vote comes by the same way, from the address that the voter set names.
4. The gate gets that absolute time. Address first, the epoch, the gate, the announcement; on the
   way out the gate, the address, and last the heartbeat or release that lacks the claim.
6. The clock is judged before a packet: a lease that has run out is asked for anew, with a new epoch,
   whatever acks are still in the queue.
7. The epoch is higher than any that was heard of, and at least the wall clock in milliseconds.
8. An ack counts for a claim only from the sequence number on with which that claim was listed first.
10. Asking again waits as long as the voters said; first comes the successor or the best rank.

What is not in the list is given back by that: lost releases mend themselves with the next heartbeat.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import NamedTuple

import msgspec

from .asking import Asking
from .effects import (
    AddAddress,
    Announce,
    DelAddress,
    Effect,
    Happening,
    Now,
    Report,
    Send,
    SetGate,
    Word,
)
from .group import Addresses, Group
from .messages import (
    FINAL,
    Accept,
    Ack,
    Claim,
    Heartbeat,
    Message,
    Offer,
    Refusal,
    Release,
    digest,
)
from .tally import Peer, Tally

#: Heartbeats between two offers.
_OFFERS = 2
#: Leases for which no offer is accepted after one was and the VIP could not be taken.
_FAILED = 10
#: Most heartbeats in an interval, however often the list changes.
_CROWD = 20

#: Seconds left of another's promise on a VIP, as far as this host's own voter knows.
Promised = Callable[[Now, str], float]


class Holding(msgspec.Struct, eq=False):
    """A VIP that is asked for or held; times are seconds of CLOCK_BOOTTIME.

    ``seq`` is the first heartbeat that lists it. Not its time: two can be sent at one reading of the
    clock. ``ends`` is the end of the round or, if ``held``, of the lease. ``present``: the address is
    configured.
    """

    vip: str
    epoch: int
    seq: int
    ends: float
    held: bool = False
    present: bool = False
    refused: dict[str, Refusal] = {}


class Sent(NamedTuple):
    """When a heartbeat was sent, and the end of the lease that it asks for.

    The end is kept, not computed when the acks come: the lease may have been configured longer in
    the meantime, and this heartbeat asked for the shorter one.
    """

    at: float
    ends: float


class Owner:
    """All claims of one host in one group."""

    def __init__(
        self, name: str, nonce: int, group: Group, random: Random, promised: Promised
    ) -> None:
        self._name = name
        self._nonce = nonce
        self._group = group
        self._next_group: Group | None = None
        self._promised = promised
        self._word = Word({}, -math.inf)
        self._holdings: dict[str, Holding] = {}
        self._tally = Tally(group)
        self._asking = Asking(group, random)
        self._epochs: dict[str, int] = {}
        self._yielded: dict[str, float] = {}
        self._seq = 0
        self._sent: dict[int, Sent] = {}
        self._claims: tuple[Claim, ...] = ()
        self._digest = digest(())
        self._listed = 0
        self._stale = False
        self._beat_at = self._again_at = math.inf
        self._beaten = -math.inf
        self._beat_until = -math.inf
        self._offer_at = self._failed_until = -math.inf
        self._common = -1
        self._expiry = math.inf
        self._out: list[Effect] = []

    # Inputs

    def fitness(self, now: Now, word: Word) -> None:
        """Takes the agent's word, which replaces the one before."""
        self._word = word
        gone = [h for vip, h in self._holdings.items() if vip not in word.standings]
        self._give(now, gone, "", "this host cannot hold it any more")
        self._asking.want(now.boot, word.standings, self._holdings)

    def move(self, now: Now, vip: str, successor: str) -> bool:
        """Hands a VIP to a member, who is told with the release; false if it is not held here."""
        holding = self._holdings.get(vip)
        if holding is None or not holding.held:
            return False
        self._give(now, [holding], successor, f"moved to {successor}")
        self._asking.at(vip, now.boot + self._group.lease + self._asking.delay(vip))
        return True

    def close(self, now: Now) -> None:
        """Gives everything up; the host asks for nothing until the next word."""
        self._give(now, list(self._holdings.values()), "", "the holder ends")
        self.fitness(now, Word({}, -math.inf))

    def reconfigure(self, group: Group) -> None:
        """Takes another configuration of the same group.

        If the previous voter set is dropped, this host goes on asking both until a majority of the
        new one has dropped it too: until then they would not answer.
        """
        if self._group.previous is not None and group.previous is None:
            self._next_group = group
        else:
            self._adopt(group)

    def ack(self, now: Now, source: str, ack: Ack) -> None:
        """Takes a voter's answer from an address."""
        self._judge(now)
        sent = self._sent.get(ack.seq)
        if ack.owner != self._nonce or sent is None:
            return
        peer = self._tally.identify(now.boot, source, ack)
        if peer is None or self._doubted(now, peer, ack, sent) or ack.seq < peer.seq:
            return
        peer.sets = ack.sets
        if self._next_group is not None:
            self._drop_previous(self._next_group)
        if ack.unknown or ack.foreign:
            self._not_granted(now, peer, ack)
            return
        self._tally.count(peer, ack.seq)
        self._note(now, peer, ack)
        self._settle(now)

    def released(self, now: Now, message: Release) -> None:
        """Another owner has given VIPs up."""
        vips = [claim.vip for claim in message.claims or ()]
        if message.successor == self._name:
            for vip in vips:
                self._yielded[vip] = now.boot + self._group.interval
                self._asking.at(vip, now.boot)
        elif message.successor:
            self._asking.defer(now.boot + self._group.interval, vips)
        else:
            self.freed(now, vips)

    def freed(self, now: Now, vips: Iterable[str]) -> None:
        """The own voter saw VIPs come free."""
        self._asking.freed(now.boot, vips)

    def offered(self, now: Now, source: str, offer: Offer) -> None:
        """Another owner would rather not hold a VIP."""
        standing = self._word.standings.get(offer.vip)
        if standing is None or not self._willing(now, offer.vip) or standing.rank >= offer.rank:
            return
        if now.boot < self._failed_until or not self._tally.possible(self._tally.foreign()):
            return  # what this host accepts it must be able to take
        accept = Accept(group=self._group.name, member=self._name, vip=offer.vip, epoch=offer.epoch)
        self._out.append(Send(source, accept))

    def accepted(self, now: Now, accept: Accept) -> None:
        """A member takes what was offered."""
        self._judge(now)
        holding = self._holdings.get(accept.vip)
        if holding is not None and holding.epoch == accept.epoch and self._offers(now, holding):
            self.move(now, accept.vip, accept.member)

    def tick(self, now: Now) -> None:
        """What time has brought, and what is to be sent."""
        self._judge(now)
        for vip in self._asking.due(now.boot):
            self._ask(now, vip)
        self._offer(now)
        if self._stale:
            self._beat_at = min(self._beat_at, self._beaten + self._group.interval / _CROWD)
        if now.boot >= min(self._beat_at, self._again_at):
            self._beat(now)

    # Outputs

    def take(self) -> list[Effect]:
        """What is to be done, in this order."""
        found, self._out = self._out, []
        return found

    def due(self) -> float:
        """When time alone changes something, in seconds of CLOCK_BOOTTIME."""
        offer_at = self._offer_at if self._holdings else math.inf
        return min(self._beat_at, self._again_at, self._expiry, self._asking.next(), offer_at)

    def will(self) -> Release:
        """What the helper sends if this process dies, after it has shut the gate."""
        return Release(
            group=self._group.name, owner=self._name, nonce=self._nonce, seq=FINAL, claims=None
        )

    def held(self) -> dict[str, int]:
        """The VIPs held, with their epochs."""
        return {vip: h.epoch for vip, h in self._holdings.items() if h.held}

    # Time

    def _judge(self, now: Now) -> None:
        if now.boot < self._expiry:
            return
        for holding in [h for h in self._holdings.values() if h.ends <= now.boot]:
            if holding.held:
                self._lapse(now, holding)
            else:
                self._fail(now, holding)
        self._recount()

    def _lapse(self, now: Now, holding: Holding) -> None:
        """The gate is shut by its own time; the address may stay until it is clear who is next."""
        self._report(holding, "lapsed", "no majority of voters answered within the lease")
        again = self._claim(now, holding.vip)
        again.present = holding.present
        self._holdings[holding.vip] = again

    def _fail(self, now: Now, holding: Holding) -> None:
        """A round without a majority: gives back what was granted, and asks again later."""
        vip, refused = holding.vip, holding.refused
        self._remove(holding, "another host holds it, or no majority of voters answers")
        if any(refusal.ms == 0 for refusal in refused.values()):
            self._asking.at(vip, now.boot)
            return
        wait = self._tally.wait(refused, holding.seq, self._asking.backoff())
        if now.boot < self._yielded.get(vip, -math.inf):
            wait = min(wait, self._group.interval / 20)
            self._failed_until = now.boot + _FAILED * self._group.lease
        self._asking.at(vip, now.boot + wait + self._asking.delay(vip))

    # Asking and holding

    def _willing(self, now: Now, vip: str) -> bool:
        standing = self._word.standings.get(vip)
        return standing is not None and standing.willing and now.boot < self._word.until

    def _ask(self, now: Now, vip: str) -> None:
        if vip in self._holdings:
            return
        left = self._promised(now, vip)
        if left > 0 and now.boot >= self._yielded.get(vip, -math.inf):
            self._asking.at(vip, now.boot + left + self._asking.delay(vip))
        elif self._willing(now, vip):
            self._holdings[vip] = self._claim(now, vip)
            self._recount()

    def _claim(self, now: Now, vip: str) -> Holding:
        """A new claim, in the list from the next heartbeat on."""
        epoch = max(self._epochs.get(vip, 0) + 1, int(now.wall * 1000))
        self._epochs[vip] = epoch
        self._stale = True
        ends = now.boot + self._group.interval
        return Holding(vip, epoch, self._seq + 1, ends)

    def _settle(self, now: Now) -> None:
        """Opens and renews what a majority has granted."""
        common = self._tally.newest()
        newer, self._common = common > self._common, common
        gates: dict[float, list[str]] = {}
        for holding in list(self._holdings.values()):
            if holding.held and not newer and not holding.refused:
                continue
            seq = self._tally.newest(holding.refused) if holding.refused else common
            ends = self._sent[seq].ends if seq in self._sent else -math.inf
            if seq >= holding.seq and min(ends, holding.ends) > now.boot:
                self._grant(holding, ends, gates)
            elif not holding.held and not self._tally.possible(holding.refused):
                self._fail(now, holding)
        self._out += [SetGate(tuple(vips), ends) for ends, vips in gates.items()]
        self._recount()
        self._rest(now)

    def _grant(self, holding: Holding, ends: float, gates: dict[float, list[str]]) -> None:
        if holding.held:
            if ends > holding.ends:
                holding.ends = ends
                gates.setdefault(ends, []).append(holding.vip)
            return
        holding.held, holding.ends, self._failed_until = True, ends, -math.inf
        self._stale = True
        if not holding.present:
            holding.present = True
            self._out.append(AddAddress(holding.vip))
        self._report(holding, "held", "")
        self._out += [SetGate((holding.vip,), ends), Announce(holding.vip)]

    def _note(self, now: Now, peer: Peer, ack: Ack) -> None:
        """Takes the refusals of an ack in place of those before."""
        for vip in peer.refused:
            if vip in self._holdings:
                self._holdings[vip].refused.pop(peer.name, None)
        peer.refused = ()
        for refusal in ack.refusals:
            self._epochs[refusal.vip] = max(self._epochs.get(refusal.vip, 0), refusal.epoch)
            holding = self._holdings.get(refusal.vip)
            if holding is not None and holding.seq <= ack.seq:
                holding.refused[peer.name] = refusal
                peer.refused += (refusal.vip,)
                self._refused(now, holding, refusal)

    def _refused(self, now: Now, holding: Holding, refusal: Refusal) -> None:
        if holding.held:
            if refusal.held and self._group.quorum == "any":
                self._conflict(now, holding, refusal)
        elif refusal.ms == 0:
            holding.ends = now.boot  # only the epoch is too low
        elif refusal.held:
            self._again_at = min(self._again_at, now.boot + refusal.ms / 1000)
        else:
            # Two candidates that wait for a third voter's answer would keep each other out for ever.
            holding.ends = min(holding.ends, now.boot + self._group.rank_delay / 2)

    def _conflict(self, now: Now, holding: Holding, refusal: Refusal) -> None:
        """Two owners, as can be where one voter is enough: who came last stays."""
        reason = f"{refusal.holder} holds it too"
        if refusal.epoch > holding.epoch:
            self._give(now, [holding], "", reason)
            self._asking.at(holding.vip, now.boot + self._group.lease)
        else:
            self._report(holding, "conflict", reason)
            self._out.append(Announce(holding.vip))

    def _give(self, now: Now, holdings: list[Holding], successor: str, reason: str) -> None:
        """Shuts gates, takes addresses away, then says so."""
        if not holdings:
            return
        claims = tuple(Claim(h.vip, h.epoch) for h in holdings)
        for holding in holdings:
            self._remove(holding, reason)
        self._seq += 1
        release = Release(
            group=self._group.name,
            owner=self._name,
            nonce=self._nonce,
            seq=self._seq,
            claims=claims,
            successor=successor,
        )
        self._send({**self._tally.addresses(), **self._group.members}, release)
        self._recount()

    def _remove(self, holding: Holding, reason: str) -> None:
        del self._holdings[holding.vip]
        self._stale = True
        if holding.present:
            self._out += [SetGate((holding.vip,), 0.0), DelAddress(holding.vip)]
            self._report(holding, "lost", reason)

    # Offering

    def _offers(self, now: Now, holding: Holding) -> bool:
        standing = self._word.standings.get(holding.vip)
        if not holding.held or standing is None:
            return False
        return not self._willing(now, holding.vip) or (self._group.preempt and standing.rank > 0)

    def _offer(self, now: Now) -> None:
        """Asks the members now and then who would take what this host should not hold."""
        if now.boot < self._offer_at:
            return
        self._offer_at = now.boot + _OFFERS * self._group.interval
        others = self._tally.addresses() | dict(self._group.members)
        others.pop(self._name, None)
        for holding in self._holdings.values():
            if self._offers(now, holding):
                willing = self._willing(now, holding.vip)
                rank = self._word.standings[holding.vip].rank if willing else FINAL
                offer = Offer(
                    group=self._group.name,
                    owner=self._name,
                    vip=holding.vip,
                    epoch=holding.epoch,
                    rank=rank,
                )
                self._send(others, offer)

    # Sending

    def _beat(self, now: Now) -> None:
        """One heartbeat to every voter on every path."""
        self._seq += 1
        if self._stale:
            self._relist(now)
        self._sent[self._seq] = Sent(now.boot, now.boot + self._group.term)
        self._beaten = now.boot
        self._sent = {seq: sent for seq, sent in self._sent.items() if sent.ends > now.boot}
        brief = self._heartbeat(now, None)
        full = self._heartbeat(now, self._claims)
        for peer in self._tally.peers.values():
            self._send({peer.name: peer.addresses}, brief if self._knows(peer) else full)
        self._beat_at, self._again_at = now.boot + self._group.interval / 2, math.inf
        self._rest(now)

    def _relist(self, now: Now) -> None:
        claims = tuple(Claim(h.vip, h.epoch, h.held) for h in self._holdings.values())
        self._claims, self._digest, self._stale = claims, digest(claims), False
        self._listed = self._seq
        self._beat_until = math.inf if claims else now.boot + self._group.lease

    def _heartbeat(self, now: Now, claims: tuple[Claim, ...] | None) -> Heartbeat:
        recently = now.boot - 1.5 * self._group.interval
        return Heartbeat(
            group=self._group.name,
            owner=self._name,
            nonce=self._nonce,
            seq=self._seq,
            sets=self._group.sets,
            lease=round(self._group.lease * 1000),
            digest=self._digest,
            claims=claims,
            heard=tuple(self._tally.heard(recently)),
        )

    def _rest(self, now: Now) -> None:
        """No second try where a majority has answered the first; silence with nothing to claim."""
        known = all(self._knows(peer) for peer in self._tally.peers.values())
        if not self._claims and (known or now.boot >= self._beat_until):
            self._beat_at = math.inf
        elif self._common == self._seq:
            self._beat_at = self._beaten + self._group.interval

    def _knows(self, peer: Peer) -> bool:
        return peer.list_seq >= self._listed

    def _send(self, to: Mapping[str, Addresses], message: Message) -> None:
        self._out += [Send(address, message) for paths in to.values() for address in paths]

    # Configuration, and what is wrong with voters

    def _adopt(self, group: Group) -> None:
        self._group, self._next_group, self._stale = group, None, True
        self._tally.regroup(group)
        self._asking.regroup(group)

    def _drop_previous(self, group: Group) -> None:
        dropped = [n for n in group.voters.voters if self._tally.peers[n].sets == group.sets]
        if len(dropped) >= group.voters.majority:
            self._adopt(group)

    def _not_granted(self, now: Now, peer: Peer, ack: Ack) -> None:
        if ack.unknown and ack.seq > peer.seq:
            self._beat_at = now.boot
        if ack.foreign and not peer.foreign:
            reason = f"voter {peer.name} has another voter set or longest lease"
            self._out.append(Report("", "foreign", 0, reason))
        peer.foreign, peer.seq, peer.list_seq = ack.foreign, ack.seq, -1

    def _doubted(self, now: Now, peer: Peer, ack: Ack, sent: Sent) -> bool:
        if peer.disputed(now.boot):
            if not peer.cloned:
                reason = f"two hosts answer as voter {peer.name}: it counts for nobody"
                self._out.append(Report("", "cloned", 0, reason))
            peer.cloned = True
            return True
        peer.cloned = False
        if not self._tally.stood_still(now.boot, peer, sent.at, ack.clock):
            return False
        self._out.append(Report("", "clock", 0, "this host's clock stood still"))
        self._give(now, list(self._holdings.values()), "", "this host's clock stood still")
        return True

    def _report(self, holding: Holding, happening: Happening, reason: str) -> None:
        self._out.append(Report(holding.vip, happening, holding.epoch, reason))

    def _recount(self) -> None:
        self._expiry = min((h.ends for h in self._holdings.values()), default=math.inf)
