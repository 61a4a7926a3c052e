"""An owner's heartbeats: their numbers and times, the list of claims, and when the next is due."""

import math
from collections.abc import Callable
from typing import NamedTuple

from .effects import Effect, Now, Send
from .group import Group
from .messages import FINAL, Claim, Heartbeat, Release, digest
from .tally import Peer, Tally

#: Most heartbeats in an interval, however often the list changes.
_CROWD = 20


class Sent(NamedTuple):
    """When a heartbeat was sent, and the end of the lease that it asks for.

    The end is kept, not computed when the acks come: the lease may have been configured longer in
    the meantime, and this heartbeat asked for the shorter one.
    """

    at: float
    ends: float


class Beats:
    """What one owner sends to its voters; times are seconds of CLOCK_BOOTTIME.

    A heartbeat that no majority has answered is followed by another after half an interval.
    """

    def __init__(self, name: str, nonce: int, group: Group, tally: Tally) -> None:
        self._name = name
        self._nonce = nonce
        self._group = group
        self._tally = tally
        self._claims: tuple[Claim, ...] = ()
        self._digest = digest(())
        self._listed = 0
        self._stale = False
        self._at = self._again_at = math.inf
        self._last = self._until = -math.inf
        self.seq = 0
        self.sent: dict[int, Sent] = {}

    def regroup(self, group: Group) -> None:
        """Takes another configuration, and tells the voters."""
        self._group, self._stale = group, True

    def relist(self) -> None:
        """The claims have changed: they are told at once, but not for each of many one by one."""
        self._stale = True

    def again(self, time: float) -> None:
        """Asks once more at that time, if not before."""
        self._again_at = min(self._again_at, time)

    def number(self) -> int:
        """The next sequence number."""
        self.seq += 1
        return self.seq

    def release(self, claims: tuple[Claim, ...], successor: str) -> Release:
        """What says that these are given back."""
        return Release(
            group=self._group.name,
            owner=self._name,
            nonce=self._nonce,
            seq=self.number(),
            claims=claims,
            successor=successor,
        )

    def will(self) -> Release:
        """What says that all are given back, and is the last that is said."""
        return Release(
            group=self._group.name, owner=self._name, nonce=self._nonce, seq=FINAL, claims=None
        )

    def due(self) -> float:
        """The time of the next heartbeat."""
        soon = self._last + self._group.interval / _CROWD if self._stale else math.inf
        return min(self._at, self._again_at, soon)

    def beat(self, now: Now, claimed: Callable[[], tuple[Claim, ...]]) -> list[Effect]:
        """One heartbeat to every voter on every path; the list is made only if it has changed."""
        self.number()
        if self._stale:
            claims = claimed()
            self._claims, self._digest, self._stale = claims, digest(claims), False
            self._listed = self.seq
            self._until = math.inf if claims else now.boot + self._group.lease
        self.sent = {seq: sent for seq, sent in self.sent.items() if sent.ends > now.boot}
        self.sent[self.seq] = Sent(now.boot, now.boot + self._group.term)
        self._last, self._again_at = now.boot, math.inf
        self._at = now.boot + self._group.interval / 2
        self.rest(now, -1)
        brief, full = self._heartbeat(now, None), self._heartbeat(now, self._claims)
        return [
            Send(address, brief if self._knows(peer) else full)
            for peer in self._tally.peers.values()
            for address in peer.addresses
        ]

    def rest(self, now: Now, granted: int) -> None:
        """No second try if a majority has granted the newest; silence with nothing to claim."""
        if not self._claims and (now.boot >= self._until or self._known()):
            self._at = math.inf
        elif granted == self.seq:
            self._at = self._last + self._group.interval

    def _heartbeat(self, now: Now, claims: tuple[Claim, ...] | None) -> Heartbeat:
        recently = now.boot - 1.5 * self._group.interval
        return Heartbeat(
            group=self._group.name,
            owner=self._name,
            nonce=self._nonce,
            seq=self.seq,
            sets=self._group.sets,
            lease=round(self._group.lease * 1000),
            digest=self._digest,
            claims=claims,
            heard=tuple(self._tally.heard(recently)),
        )

    def _known(self) -> bool:
        return all(self._knows(peer) for peer in self._tally.peers.values())

    def _knows(self, peer: Peer) -> bool:
        return peer.list_seq >= self._listed
