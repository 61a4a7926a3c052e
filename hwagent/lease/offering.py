"""Handing VIPs to hosts that stand better: an owner offers, who is fit and willing accepts.

A host whose agent said that it is unfit, or says nothing any more, keeps its VIPs until another
takes them. With ``preempt`` so does a fit host that is not the best one. The release comes after
the acceptance, so that no VIP is given to nobody.
"""

import math
from collections.abc import Iterator, Mapping

from .effects import Now, Send, Word
from .group import Addresses, Group
from .messages import FINAL, Accept, Offer

#: Heartbeats between two offers.
_INTERVALS = 2


class Offering:
    """What one host offers and accepts."""

    def __init__(self, name: str, group: Group) -> None:
        self._name = name
        self._group = group
        self._at = -math.inf

    def regroup(self, group: Group) -> None:
        """Takes another configuration."""
        self._group = group

    def due(self) -> float:
        """The time of the next offers, in seconds of CLOCK_BOOTTIME."""
        return self._at

    def unwanted(self, now: Now, word: Word, vip: str) -> bool:
        """Whether a VIP that this host holds had better be elsewhere."""
        standing = word.standings.get(vip)
        if standing is None:
            return False
        return not word.willing(now, vip) or (self._group.preempt and standing.rank > 0)

    def offers(
        self, now: Now, word: Word, held: Mapping[str, int], voters: Mapping[str, Addresses]
    ) -> Iterator[Send]:
        """Offers of what is held (VIPs and epochs), to all but this host."""
        self._at = now.boot + _INTERVALS * self._group.interval
        others = {n: a for n, a in {**voters, **self._group.members}.items() if n != self._name}
        for vip, epoch in held.items():
            if self.unwanted(now, word, vip):
                rank = word.standings[vip].rank if word.willing(now, vip) else FINAL
                offer = Offer(
                    group=self._group.name, owner=self._name, vip=vip, epoch=epoch, rank=rank
                )
                yield from (Send(path, offer) for paths in others.values() for path in paths)

    def answer(self, now: Now, word: Word, source: str, offer: Offer) -> Iterator[Send]:
        """Accepts what this host stands better for."""
        if word.willing(now, offer.vip) and word.standings[offer.vip].rank < offer.rank:
            accept = Accept(
                group=self._group.name, member=self._name, vip=offer.vip, epoch=offer.epoch
            )
            yield Send(source, accept)
