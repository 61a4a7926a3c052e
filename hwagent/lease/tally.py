"""Which voters answered what: the owner's count of votes.

A vote counts once a voter, whatever the path, and only if it came from an address that the voter
set names. Two boot nonces that answer under one name at the same time are a cloned host, which
counts for nobody; a voter that restarted was silent for M between its two.

Each ack carries the voter's clock. More time on it than on ours between two acks, beyond what rates
explain, means that our clock stood still (a paused virtual machine): no lease survives that.
"""

import math
from collections.abc import Collection, Iterable, Mapping

import msgspec

from .effects import Report
from .group import Addresses, Group
from .messages import Ack, Refusal

#: Seconds by which a voter's clock may be ahead beyond the rates: it comes in whole milliseconds.
_GRAIN = 0.002


class Peer(msgspec.Struct, eq=False):
    """One voter as this owner knows it; times are seconds of CLOCK_BOOTTIME.

    ``seq`` is the newest heartbeat that it answered, ``list_seq`` the newest whose list it had.
    ``sets`` is the configuration that it votes by. ``anchor`` is our send time of an earlier
    heartbeat and the voter's clock as it answered.
    """

    name: str
    addresses: Addresses
    nonce: int = 0
    heard: float = -math.inf
    disputed_until: float = -math.inf
    seq: int = -1
    list_seq: int = -1
    sets: tuple[int, int] = (0, 0)
    refused: tuple[str, ...] = ()
    anchor: tuple[float, int] | None = None
    foreign: bool = False

    def disputed(self, now: float) -> bool:
        """Whether two answer under its name."""
        return now < self.disputed_until


class Tally:
    """All voters of a group."""

    def __init__(self, group: Group) -> None:
        self.peers: dict[str, Peer] = {}
        self._seqs: dict[str, int] = {}
        self._news: list[Report] = []
        #: Voters that count for nothing now, though they answer.
        self.ignored: frozenset[str] = frozenset()
        self.regroup(group)

    def regroup(self, group: Group) -> None:
        """Takes another configuration; what known voters have answered stays."""
        self._group = group
        old, self.peers = self.peers, {}
        for name, addresses in group.addresses().items():
            peer = self.peers[name] = old.get(name) or Peer(name, addresses)
            peer.addresses = addresses
        self._seqs = {name: s for name, s in self._seqs.items() if name in self.peers}

    def identify(self, now: float, source: str, ack: Ack) -> Peer | None:
        """The voter that answered, or None; one that is ``disputed`` counts for nobody."""
        peer = self.peers.get(ack.voter)
        if peer is None or source not in peer.addresses:
            return None
        if ack.nonce != peer.nonce:
            if now - peer.heard < self._group.lease / 2:
                self._dispute(now, peer)
            self._forget(peer, ack.nonce)
        peer.heard = now
        return peer

    def stood_still(self, now: float, peer: Peer, sent: float, clock: int) -> bool:
        """Whether our clock stood still, as this voter's shows."""
        before, peer.anchor = peer.anchor, (sent, clock)
        if before is None:
            return False
        most = (now - before[0]) * (1 + self._group.rate) / (1 - self._group.rate)
        most /= 1 - self._group.slew
        return (clock - before[1]) / 1000 > most + _GRAIN

    def count(self, peer: Peer, ack: Ack) -> bool:
        """Notes a voter's answer; false if it is of the kind that grants nothing."""
        if ack.foreign and not peer.foreign:
            reason = f"voter {peer.name} has another voter set or longest lease"
            self._news.append(Report("", "foreign", 0, reason))
        peer.seq, peer.foreign = ack.seq, ack.foreign
        if ack.foreign or ack.unknown:
            peer.list_seq = -1
            return False
        self._seqs[peer.name] = peer.list_seq = ack.seq
        return True

    def dropped(self, group: Group) -> bool:
        """Whether a majority of a group's voters go by its configuration already."""
        sets = [self.peers[name].sets for name in group.voters.voters]
        return sets.count(group.sets) >= group.voters.majority

    def news(self) -> list[Report]:
        """What is wrong with voters since the last call."""
        found, self._news = self._news, []
        return found

    def newest(self, without: Collection[str] = ()) -> int:
        """The newest heartbeat that a majority has granted, not counting some voters; or -1."""
        return self._group.newest(self._seqs, self.ignored.union(without))

    def possible(self, without: Collection[str]) -> bool:
        """Whether enough voters are left without these."""
        left = self.ignored.union(without)
        return self._group.newest(dict.fromkeys(self.peers, 0), left) == 0

    def foreign(self) -> list[str]:
        """Voters that said that they have another voter set."""
        return [peer.name for peer in self.peers.values() if peer.foreign]

    def wait(self, refused: Mapping[str, Refusal], seq: int, soft: float) -> float:
        """Seconds until a majority can be free.

        ``soft`` is for voters that another asks too, that did not answer from ``seq`` on, or that
        do not count.
        """
        granted = {name for name, granted in self._seqs.items() if granted >= seq} - self.ignored
        waits = {name: 0.0 if name in granted else soft for name in self.peers}
        for name, refusal in refused.items():
            waits[name] = refusal.ms / 1000 if refusal.held else min(soft, refusal.ms)
        needs = self._group.needs
        return max(sorted(waits[name] for name in e.voters)[need - 1] for e, need in needs)

    def addresses(self) -> dict[str, Addresses]:
        """Where to reach each voter."""
        return {peer.name: peer.addresses for peer in self.peers.values()}

    def heard(self, since: float) -> Iterable[tuple[str, int]]:
        """Names and nonces of those who answered since then."""
        return ((p.name, p.nonce) for p in self.peers.values() if p.heard >= since)

    def _dispute(self, now: float, peer: Peer) -> None:
        if not peer.disputed(now):
            reason = f"two hosts answer as voter {peer.name}: it counts for nobody"
            self._news.append(Report("", "cloned", 0, reason))
        peer.disputed_until = now + self._group.longest

    def _forget(self, peer: Peer, nonce: int) -> None:
        self._seqs.pop(peer.name, None)
        peer.nonce, peer.seq, peer.list_seq = nonce, -1, -1
        peer.anchor = None
