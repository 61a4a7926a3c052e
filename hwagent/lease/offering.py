"""Handing VIPs to hosts that stand better: an owner offers, who is fit and willing accepts.

A host whose agent said that it is unfit, or says nothing any more, keeps its VIPs until another
takes them. With ``preempt``, or where it yields, so does a fit host that is not the best one, but
only to a better one: else two of the same worth would hand a VIP to and fro. The release comes
after the acceptance, so that no VIP is given to nobody. The best rank accepts the first offer, each
other one a round later: a VIP goes where it is meant to go, and need not move again from there.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from .effects import Now, Send, Standing, Word
from .group import Addresses, Group
from .messages import FINAL, Accept, Offer

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

    def regroup(self, group: Group) -> None:
        """Takes another configuration."""
        self._group, self._standings, self._doubtful = group, {}, frozenset()

    def due(self, word: Word) -> float:
        """The time of the next offers, in seconds of CLOCK_BOOTTIME."""
        return self._at if self._doubted(word) else max(self._at, word.until)

    def unwanted(self, now: Now, word: Word, vip: str) -> bool:
        """Whether a VIP that this host holds had better be elsewhere."""
        standing = word.standings.get(vip)
        if standing is None:
            return False
        return now.boot >= word.until or self._doubts(standing)

    def offers(
        self,
        now: Now,
        word: Word,
        held: Mapping[str, int],
        voters: Mapping[str, Addresses],
    ) -> Iterator[Send]:
        """Offers of what is held (VIPs and epochs), to all but this host."""
        self._at = now.boot + self._round
        unwanted: Collection[str] = self._doubted(word)
        if now.boot >= word.until:
            unwanted = word.standings.keys()
        others = {n: a for n, a in {**voters, **self._group.members}.items() if n != self._name}
        for vip, epoch in held.items():
            if vip in unwanted:
                rank = word.standings[vip].rank if word.willing(now, vip) else FINAL
                offer = Offer(
                    group=self._group.name, owner=self._name, vip=vip, epoch=epoch, rank=rank
                )
                yield from (Send(path, offer) for paths in others.values() for path in paths)

    def answer(self, now: Now, word: Word, source: str, offer: Offer) -> Iterator[Send]:
        """Accepts what this host stands better for."""
        if not word.willing(now, offer.vip) or word.standings[offer.vip].rank >= offer.rank:
            return
        if self._waited(now, offer) >= word.standings[offer.vip].rank * self._round:
            accept = Accept(
                group=self._group.name, member=self._name, vip=offer.vip, epoch=offer.epoch
            )
            yield Send(source, accept)

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
