"""An owner of VIPs, and a candidate for more: asks the voters, and opens the gate while they agree.

Rules (numbers as in the design, LEASE.md):

2. A claim is won, and renewed, only by acks to heartbeats whose list had it.
3. It ends ``Group.term`` after this host's own sending of the newest heartbeat that a majority has
   granted. The own vote comes by the same way, from the address that the voter set names.
4. The gate gets that absolute time. Address first, the epoch, the gate, the announcement; on the
   way out the gate, the address, and last the heartbeat or release that lacks the claim.
6. The clock is judged before a packet: a lease that has run out is asked for anew, with a new
   epoch, whatever acks are still in the queue.
7. The epoch is higher than any that was heard of, and at least the wall clock in milliseconds.
8. An ack counts for a claim only from the sequence number on with which that claim was listed
   first.
10. Asking again waits as long as the voters said; first comes the successor or the best rank.

What is not in the list is given back by that: lost releases mend themselves with the next
heartbeat.
"""

import math
from collections.abc import Callable, Iterable
from random import Random

import msgspec

from .asking import Asking
from .beats import Beats, Sent
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
from .epochs import Epochs
from .group import Group
from .holding import Holding, Holdings, Term, Together
from .messages import Accept, Ack, Offer, Refusal, Release
from .offering import Offering
from .tally import Peer, Tally

#: Leases for which no offer is accepted after one was and the VIP could not be taken.
_FAILED = 10
#: Why the own vote is not enough where one voter is.
_CUT_OFF = "neither another voter nor the gateway answers: this host may be cut off"

#: Seconds left of another's promise on a VIP, as far as this host's own voter knows.
Promised = Callable[[Now, str], float]


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
        self._holdings = Holdings()
        self._tally = Tally(group)
        self._beats = Beats(name, nonce, group, self._tally)
        self._asking = Asking(group, random)
        self._epochs = Epochs()
        self._yielded: dict[str, float] = {}
        self._offering = Offering(name, group)
        self._failed_until = -math.inf
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

    def prolong(self, until: float) -> None:
        """The agent's word stands as it is, for longer."""
        self._word = msgspec.structs.replace(self._word, until=until)

    def alone(self, enough: bool) -> None:
        """Takes whether this host's own vote is enough, where one voter is (``Group.quorum``)."""
        self._tally.ignored = frozenset(() if enough else (self._name,))

    def move(self, now: Now, vip: str, successor: str) -> None:
        """Offers a VIP to a member, who gets it by accepting; nothing if it is not held here."""
        if vip in self.held() and successor != self._name:
            self._offering.wish(now, vip, successor)

    def close(self, now: Now) -> None:
        """Gives everything up; the host asks for nothing until the next word."""
        self._give(now, list(self._holdings.values()), "", "the holder ends")
        self.fitness(now, Word({}, -math.inf))

    def reconfigure(self, group: Group) -> None:
        """Takes another configuration of the same group.

        If the previous voter set is dropped, this host goes on asking both until a majority of the
        new one has dropped it too: until then they would not answer.
        """
        if self._group.previous is not None and group.sets == (0, self._group.sets[1]):
            self._next_group = group
        else:
            self._adopt(group)

    def ack(self, now: Now, source: str, ack: Ack) -> None:
        """Takes a voter's answer from an address."""
        self._judge(now)
        sent = self._beats.sent.get(ack.seq)
        if ack.owner != self._nonce or sent is None:
            return
        peer = self._tally.identify(now.boot, source, ack)
        if peer is None or self._doubted(now, peer, ack, sent) or ack.seq < peer.seq:
            return
        peer.sets = ack.sets
        if self._next_group is not None and self._tally.dropped(self._next_group):
            self._adopt(self._next_group)
        if ack.unknown and ack.seq > peer.seq:
            self._beats.again(now.boot)
        if self._tally.count(peer, ack):
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

    def contested(self, vips: Iterable[str]) -> None:
        """The own voter was asked by another owner for what is held here: two announced it."""
        for vip in vips:
            if vip in self._holdings and self._holdings[vip].held:
                self._report(self._holdings[vip], "conflict", "another host holds it too")
                self._out.append(Announce(vip))

    def offered(self, now: Now, source: str, offer: Offer) -> None:
        """Another owner would rather not hold a VIP. Accepts only what it will be able to have."""
        if now.boot >= self._failed_until and self._tally.possible(self._tally.foreign()):
            self._out += self._offering.answer(now, self._word, source, offer)

    def accepted(self, now: Now, accept: Accept) -> None:
        """A member takes what was offered, and is told with the release that it may."""
        self._judge(now)
        vip, successor = accept.vip, accept.member
        holding = self._holdings.get(vip)
        if holding is None or not holding.held or holding.granted != accept.epoch:
            return
        if self._offering.agreed(now, self._word, accept):
            self._give(now, [holding], successor, f"moved to {successor}")
            self._asking.at(vip, now.boot + self._group.lease + self._asking.delay(vip))

    def tick(self, now: Now) -> None:
        """What time has brought, and what is to be sent."""
        self._out += self._tally.news()
        self._judge(now)
        for vip in self._asking.due(now.boot):
            self._ask(now, vip)
        if now.boot >= self._offering.due(self._word):
            voters = self._tally.addresses()
            self._out += self._offering.offers(now, self._word, self.held(), voters)
        if now.boot >= self._beats.due():
            self._out += self._beats.beat(now, self._holdings.claims)

    # Outputs

    def take(self) -> list[Effect]:
        """What is to be done, in this order."""
        found, self._out = self._out, []
        return found

    def due(self) -> float:
        """When time alone changes something, in seconds of CLOCK_BOOTTIME."""
        offer_at = self._offering.due(self._word) if self._holdings else math.inf
        return min(self._beats.due(), self._expiry, self._asking.next(), offer_at)

    def will(self) -> Release:
        """What the helper sends if this process dies, after it has shut the gate."""
        return self._beats.will()

    def held(self) -> dict[str, int]:
        """The VIPs held, with their epochs."""
        return self._holdings.held()

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
        silence = _CUT_OFF if self._tally.ignored else "no majority of voters answered in time"
        self._report(holding, "lapsed", silence)
        again = self._claim(now, holding.vip)
        again.present = holding.present
        self._holdings[holding.vip] = again
        self._holdings.changed()

    def _fail(self, now: Now, holding: Holding) -> None:
        """A round without a majority: gives back what was granted, and asks again later."""
        vip, refused = holding.vip, holding.refused
        silence = _CUT_OFF if self._tally.ignored else "no majority of voters answers"
        self._remove(holding, f"another host holds it, or {silence}")
        if any(refusal.ms == 0 for refusal in refused.values()):
            self._asking.at(vip, now.boot)
            return
        wait = self._tally.wait(refused, holding.seq, self._asking.backoff())
        if now.boot < self._yielded.get(vip, -math.inf):
            wait = min(wait, self._group.interval / 20)
            self._failed_until = now.boot + _FAILED * self._group.lease
        self._asking.at(vip, now.boot + wait + self._asking.delay(vip))

    # Asking and holding

    def _ask(self, now: Now, vip: str) -> None:
        if vip in self._holdings:
            return
        left = self._promised(now, vip)
        if left > 0 and now.boot >= self._yielded.get(vip, -math.inf):
            self._asking.at(vip, now.boot + left + self._asking.delay(vip))
        elif self._word.willing(now, vip):
            self._holdings[vip] = self._claim(now, vip)
            self._holdings.changed()
            self._recount()

    def _claim(self, now: Now, vip: str) -> Holding:
        """A new claim, in the list from the next heartbeat on."""
        epoch = self._epochs.next(now, vip)
        self._beats.relist()
        ends = now.boot + self._group.lease / 2
        return Holding(vip, epoch, self._beats.seq + 1, Term(ends))

    def _settle(self, now: Now) -> None:
        """Opens and renews what a majority has granted."""
        common = self._tally.newest()
        newer, self._common = common > self._common, common
        whole, others = self._holdings.divided()
        if newer:
            self._renew_all(now, common, whole)
        for holding in others:
            seq = self._tally.newest(holding.refused)
            if holding.held:
                self._renew(now, seq, holding)
            elif (ends := self._end(now, seq, holding)) and holding.ends > now.boot:
                self._win(holding, ends)
            elif not self._tally.possible(holding.refused):
                self._fail(now, holding)
        if newer or others:
            self._recount()
        self._beats.rest(now, common)

    def _granted(self, now: Now, seq: int) -> float:
        """The end of the lease that a heartbeat asked for; 0 if it is over."""
        sent = self._beats.sent.get(seq)
        return sent.ends if sent is not None and sent.ends > now.boot else 0.0

    def _end(self, now: Now, seq: int, holding: Holding) -> float:
        """The end of the lease by a heartbeat that was granted; 0 if it does not count."""
        return self._granted(now, seq) if seq >= holding.seq else 0.0

    def _renew_all(self, now: Now, seq: int, settled: Together) -> None:
        ends = self._granted(now, seq)
        if longer := settled.renew(seq, ends):
            self._out.append(SetGate(longer, ends))

    def _renew(self, now: Now, seq: int, holding: Holding) -> None:
        ends = self._end(now, seq, holding)
        if ends <= holding.ends:
            return
        holding.end(ends)
        if 0 < holding.raised <= seq:
            holding.raised, holding.granted = 0, holding.epoch
            self._holdings.changed()
            self._report(holding, "held", "a voter knew a higher epoch")
        self._out.append(SetGate((holding.vip,), ends))

    def _win(self, holding: Holding, ends: float) -> None:
        holding.held, holding.granted = True, holding.epoch
        holding.end(ends)
        self._holdings.changed()
        self._failed_until = -math.inf
        self._beats.relist()
        if not holding.present:
            holding.present = True
            self._out.append(AddAddress(holding.vip))
        self._report(holding, "held", "")
        self._out += [SetGate((holding.vip,), ends), Announce(holding.vip)]

    def _note(self, now: Now, peer: Peer, ack: Ack) -> None:
        """Takes the refusals of an ack in place of those before."""
        if peer.refused or ack.refusals:
            self._holdings.changed()
        for before in self._holdings.values() if peer.refused else ():
            before.refused.pop(peer.name, None)
        peer.refused = ()
        for refusal in ack.refusals:
            self._epochs.heard(refusal.vip, refusal.epoch)
            holding = self._holdings.get(refusal.vip)
            if holding is not None and holding.seq <= ack.seq:
                holding.refused[peer.name] = refusal
                peer.refused += (refusal.vip,)
                self._refused(now, holding, refusal)

    def _refused(self, now: Now, holding: Holding, refusal: Refusal) -> None:
        if holding.held:
            if refusal.ms == 0 and refusal.epoch >= holding.epoch:
                self._raise(now, holding)
            elif refusal.held and self._group.quorum == "any":
                self._yield(now, holding, refusal)
        elif refusal.ms == 0:
            holding.end(now.boot)  # only the epoch is too low
        elif refusal.held:
            self._beats.again(now.boot + refusal.ms / 1000)
        else:
            # Two candidates that wait for a third voter to answer would keep each other out.
            holding.end(min(holding.ends, now.boot + self._group.rank_delay / 2))

    def _raise(self, now: Now, holding: Holding) -> None:
        """A candidate that failed has left a voter a higher epoch, which would go on refusing.

        The new epoch is for hooks and fences only when a majority has recorded it: the next owner
        could not know of it before.
        """
        holding.epoch, holding.raised = self._epochs.next(now, holding.vip), self._beats.seq + 1
        self._holdings.changed()
        self._beats.relist()

    def _yield(self, now: Now, holding: Holding, refusal: Refusal) -> None:
        """Two owners, as can be where one voter is enough: who came last stays."""
        if (refusal.epoch, refusal.holder) > (holding.epoch, self._name):
            self._give(now, [holding], "", f"{refusal.holder} holds it too")
            self._asking.at(holding.vip, now.boot + self._group.lease)

    def _give(self, now: Now, holdings: list[Holding], successor: str, reason: str) -> None:
        """Shuts gates, takes addresses away, then says so."""
        if not holdings:
            return
        for holding in holdings:
            self._remove(holding, reason)
        release = self._beats.release(tuple(h.claim for h in holdings), successor)
        to = {**self._tally.addresses(), **self._group.members}
        self._out += [Send(address, release) for paths in to.values() for address in paths]
        self._recount()

    def _remove(self, holding: Holding, reason: str) -> None:
        del self._holdings[holding.vip]
        self._holdings.changed()
        self._offering.forget(holding.vip)
        self._beats.relist()
        if holding.present:
            self._out += [SetGate((holding.vip,), 0.0), DelAddress(holding.vip)]
            self._report(holding, "lost", reason)

    # Configuration, and what is wrong with voters

    def _adopt(self, group: Group) -> None:
        self._group, self._next_group = group, None
        self._tally.regroup(group)
        self._beats.regroup(group)
        self._asking.regroup(group)
        self._offering.regroup(group)

    def _doubted(self, now: Now, peer: Peer, ack: Ack, sent: Sent) -> bool:
        """Whether an ack does not count; a clock that stood still costs everything."""
        if peer.disputed(now.boot):
            return True
        if not self._tally.stood_still(now.boot, peer, sent.at, ack.clock):
            return False
        reason = "this host's clock stood still"
        self._out.append(Report("", "clock", 0, reason))
        self._give(now, list(self._holdings.values()), "", reason)
        return True

    def _report(self, holding: Holding, happening: Happening, reason: str) -> None:
        self._out.append(Report(holding.vip, happening, holding.epoch, reason))

    def _recount(self) -> None:
        self._expiry = self._holdings.expiry()
