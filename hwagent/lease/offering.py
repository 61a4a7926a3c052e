"""Handing VIPs to hosts that stand better: an owner offers, who is fit and willing accepts.

A host whose agent said that it is unfit, or says nothing any more, keeps its VIPs until another
takes them. With ``preempt``, or where it yields, so does a fit host that is not the best one, but
only to a better one: else two of the same worth would hand a VIP to and fro. The release comes
after the acceptance, so that no VIP is given to nobody. The best rank accepts the first offer, each
other one a round later: a VIP goes where it is meant to go, and need not move again from there.

What people want moved is offered to the host that they name, which accepts at once if it is
willing (``wishes.py``).
"""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from .effects import Now, Send, Standing, Word
from .group import Addresses, Group
from .messages import FINAL, Accept, Offer
from .wishes import Wishes

#: Heartbeats between two offers.
_INTERVALS = 2
#: Rounds without an offer after which the next one is a first one again.
_BREAK = 4


class _Heard(NamedTuple):
    """Offers of one VIP with one epoch: the times of the first and the last one heard."""

    epoch: int
    first: float
    last: float


class Offering:
    """What one host offers and accepts."""

    def __init__(self, name: str, group: Group) -> None:
        self._name = name
        self._group = group
        self._at = -math.inf
        self._standings: Mapping[str, Standing] = {}
        self._doubtful: frozenset[str] = frozenset()
        self._heard: dict[str, _Heard] = {}
        self._wishes = Wishes(name, group)

    def regroup(self, group: Group) -> None:
        """Takes another configuration."""
        self._group, self._standings, self._doubtful = group, {}, frozenset()
        self._wishes.regroup(group)

    def due(self, word: Word) -> float:
        """The time of the next offers, in seconds of CLOCK_BOOTTIME."""
        return min(self._wishes.due(), self._due(word))

    def wish(self, now: Now, vip: str, successor: str) -> None:
        """Somebody wants a VIP that is held here to go to a member."""
        self._wishes.want(now, vip, successor)

    def forget(self, vip: str) -> None:
        """The VIP is not held here any more."""
        self._wishes.forget(vip)

    def agreed(self, now: Now, word: Word, accept: Accept) -> bool:
        """Whether a VIP that this host holds is to go to the member that accepts it."""
        if accept.member == self._name:
            return False
        wanted = self._wishes.met(now, accept.vip, accept.member)
        return wanted or self._unwanted(now, word, accept.vip)

    def offers(
        self,
        now: Now,
        word: Word,
        held: Mapping[str, int],
        voters: Mapping[str, Addresses],
    ) -> Iterator[Send]:
        """What is due of offers of what is held (VIPs and epochs), to all but this host."""
        others = {n: a for n, a in {**voters, **self._group.members}.items() if n != self._name}
        yield from self._wishes.offers(now, held, others)
        if now.boot >= self._due(word):
            self._at = now.boot + self._round
            yield from self._offers(now, word, held, others)

    def answer(self, now: Now, word: Word, source: str, offer: Offer) -> Iterator[Send]:
        """Accepts what this host stands better for, or is named for."""
        if word.willing(now, offer.vip) and self._suits(now, word, offer):
            accept = Accept(
                group=self._group.name, member=self._name, vip=offer.vip, epoch=offer.epoch
            )
            yield Send(source, accept)

    def _due(self, word: Word) -> float:
        """The time of the next offers to all."""
        return self._at if self._doubted(word) else max(self._at, word.until)

    def _offers(
        self, now: Now, word: Word, held: Mapping[str, int], others: Mapping[str, Addresses]
    ) -> Iterator[Send]:
        """Offers of what had better be elsewhere."""
        unwanted: Collection[str] = self._doubted(word)
        if now.boot >= word.until:
            unwanted = word.standings.keys()
        for vip, epoch in held.items():
            if vip in unwanted:
                rank = word.standings[vip].rank if word.willing(now, vip) else FINAL
                offer = Offer(
                    group=self._group.name, owner=self._name, vip=vip, epoch=epoch, rank=rank
                )
                yield from (Send(path, offer) for paths in others.values() for path in paths)

    def _unwanted(self, now: Now, word: Word, vip: str) -> bool:
        """Whether a VIP that this host holds had better be elsewhere."""
        standing = word.standings.get(vip)
        if standing is None:
            return False
        return now.boot >= word.until or self._doubts(standing)

    def _suits(self, now: Now, word: Word, offer: Offer) -> bool:
        """Whether this host, which is willing, is the one for what is offered."""
        if offer.successor:
            return offer.successor == self._name
        rank = word.standings[offer.vip].rank
        return rank < offer.rank and self._waited(now, offer) >= rank * self._round

    def _doubted(self, word: Word) -> frozenset[str]:
        """All that had better be elsewhere while the word counts, worked out once for all times
        that it is said again: of a thousand there may be none."""
        if word.standings is not self._standings:
            self._standings = word.standings
            doubtful = (vip for vip, s in word.standings.items() if self._doubts(s))
            self._doubtful = frozenset(doubtful)
        return self._doubtful

    def _doubts(self, standing: Standing) -> bool:
        yields = self._group.preempt or standing.yields
        return not standing.willing or (yields and standing.rank > 0)

    @property
    def _round(self) -> float:
        """Seconds between two offers of one VIP."""
        return _INTERVALS * self._group.interval

    def _waited(self, now: Now, offer: Offer) -> float:
        """Seconds since this VIP was first offered, in a row of offers without a long break."""
        heard = self._heard.get(offer.vip)
        if (
            heard is None
            or heard.epoch != offer.epoch
            or now.boot - heard.last > _BREAK * self._round
        ):
            heard = _Heard(offer.epoch, now.boot, now.boot)
        self._heard[offer.vip] = heard._replace(last=now.boot)
        return now.boot - heard.first
