"""Moves that people want: a VIP is offered to the host that it is to go to, and to no other.

It stays where it is until that host has accepted. Whether it is willing the one that moves cannot
know for certain, and a VIP released to a host that does not take it is silent, and goes elsewhere.
Offers are sent as often as heartbeats, so that a lost one costs no more than a lost heartbeat.
After a lease without an answer the wish is dropped: nobody expects the move any more.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .effects import Now, Send
from .group import Addresses, Group
from .messages import FINAL, Offer


class _Wish(NamedTuple):
    """Where a VIP is to go, when that host is asked next, and until when."""

    successor: str
    at: float
    until: float


class Wishes:
    """The moves of one host's VIPs; times are seconds of CLOCK_BOOTTIME."""

    def __init__(self, name: str, group: Group) -> None:
        self._name = name
        self._group = group
        self._wanted: dict[str, _Wish] = {}

    def regroup(self, group: Group) -> None:
        """Takes another configuration; what is wanted stays so."""
        self._group = group

    def want(self, now: Now, vip: str, successor: str) -> None:
        """Takes a wish, in place of the one before for this VIP."""
        self._wanted[vip] = _Wish(successor, now.boot, now.boot + self._group.lease)

    def forget(self, vip: str) -> None:
        """The VIP is not held here any more."""
        self._wanted.pop(vip, None)

    def due(self) -> float:
        """When somebody is to be asked, or a wish ends."""
        return min((wish.at for wish in self._wanted.values()), default=math.inf)

    def met(self, now: Now, vip: str, member: str) -> bool:
        """Whether a VIP is to go to the member that accepts it."""
        wish = self._wanted.get(vip)
        return wish is not None and wish.successor == member and now.boot < wish.until

    def offers(
        self, now: Now, held: Mapping[str, int], hosts: Mapping[str, Addresses]
    ) -> Iterator[Send]:
        """What is due of what is held (VIPs and epochs), to its successor on every path."""
        wanted = self._wanted.items()
        self._wanted = {v: wish for v, wish in wanted if v in held and now.boot < wish.until}
        for vip, wish in list(self._wanted.items()):
            if wish.at <= now.boot:
                again = min(now.boot + self._group.interval, wish.until)
                self._wanted[vip] = wish._replace(at=again)
                offer = self._offer(vip, held[vip], wish.successor)
                yield from (Send(path, offer) for path in hosts.get(wish.successor, ()))

    def _offer(self, vip: str, epoch: int, successor: str) -> Offer:
        """One that was made before there were successors takes it for an unfit host's."""
        return Offer(
            group=self._group.name,
            owner=self._name,
            vip=vip,
            epoch=epoch,
            rank=FINAL,
            successor=successor,
        )
