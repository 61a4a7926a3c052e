"""A voter: promises each VIP to one owner at a time, and remembers nothing over a restart.

Rules (numbers as in the design, LEASE.md):

1. A VIP is promised to one claim (owner, its boot nonce, epoch) until ``lease`` has passed on this
   voter's own clock (CLOCK_MONOTONIC_RAW) since the newest heartbeat. It is forgotten then, or on a
   release, or when a newer list of the same owner lacks it: an owner shuts the gate before it
   leaves a VIP out.
2. An ack says yes only to what is recorded. The list is the session's, and a digest that is not its
   digest grants nothing. All grants of a session end at one time, so that a renewal costs the same
   for one VIP and for a thousand; a session is ``whole`` while every claim of its list is granted.
5. After the start it listens for M and answers nothing. What it hears is recorded; that is a
   promise that nobody counts on.
6. Older sequence numbers of a nonce are ignored, the same one again (another path) is answered
   anew. Time is judged before anything else.
7. An epoch that is not higher than the highest one granted for that VIP is refused, but to the very
   claim that has it.

Voter sets: see ``Group.answers``. A voter that drops the previous set goes on as before for another
M: owners may still count on leases that were granted by the previous set alone before the
transition.

Lease lengths: a promise lasts for the longer of the asker's lease and its own, and a heartbeat that
asks for less takes nothing from a promise made before. With the asker's length in each heartbeat no
transition is needed for a change, only that none is longer than M.

Clones: a voter that hears from an owner that somebody else answers under its name goes silent, for
as long as it is heard and a lease longer.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from .group import Group
from .messages import Ack, Claim, Heartbeat, Refusal, Release, digest

#: Sessions that said nothing for so many times M are forgotten.
_FORGET = 10


class Session(msgspec.Struct, eq=False):
    """One owner, one boot of it: what it claims, and when the promises end."""

    owner: str
    nonce: int
    seq: int = -1
    digest: int = 0
    claims: tuple[Claim, ...] = ()
    heard: float = -math.inf
    expires: float = -math.inf
    whole: bool = False


class Grant(NamedTuple):
    """A promise."""

    session: Session
    claim: Claim


class Fence(NamedTuple):
    """The highest epoch that was granted, and to whom."""

    epoch: int
    owner: str
    nonce: int


class Voter:
    """One voter of one group; all times are seconds of CLOCK_MONOTONIC_RAW."""

    def __init__(self, now: float, name: str, nonce: int, group: Group) -> None:
        self._name = name
        self._nonce = nonce
        self._group = group
        self._next: Group | None = None
        self._next_at = math.inf
        self._silent_until = now + group.longest
        self._swept = now
        self._sessions: dict[tuple[str, int], Session] = {}
        self._grants: dict[str, Grant] = {}
        self._fences: dict[str, Fence] = {}
        self._freed: set[str] = set()
        self._contested: set[str] = set()
        self._records = 0
        self._told: tuple[object, dict[str, tuple[str, int]]] = (None, {})
        self._cloned_until = -math.inf

    def reconfigure(self, now: float, group: Group) -> None:
        """Takes another configuration of the same group."""
        drops = self._group.previous is not None and group.previous is None
        self._next, self._next_at = group, now + self._group.longest if drops else now
        self._turn(now)

    def heartbeat(self, now: float, message: Heartbeat) -> Ack | None:
        """Grants what can be granted; None while silent and for what is old."""
        self._turn(now)
        if message.group != self._group.name:
            return None
        self._beware(now, message)
        lease, most = message.lease / 1000, round(self._group.longest * 1000)
        if not self._group.answers(message.sets) or message.lease > most:
            return self._answer(now, message, foreign=True)
        session = self._session(message.owner, message.nonce)
        if message.seq < session.seq:
            return None
        session.seq, session.heard = message.seq, now
        if message.claims is not None and message.digest != session.digest:
            self._relist(session, message.claims, message.digest)
        if session.digest != message.digest:
            return self._answer(now, message, unknown=True)
        refusals = self._renew(now, session, lease)
        return self._answer(now, message, refusals=refusals)

    def release(self, now: float, message: Release) -> None:
        """Forgets what its owner has given back."""
        self._turn(now)
        if message.group != self._group.name:
            return
        session = self._session(message.owner, message.nonce)
        if message.seq < session.seq:
            return
        session.seq, session.heard = message.seq, now
        gone = session.claims if message.claims is None else message.claims
        back = {(claim.vip, claim.epoch) for claim in gone}
        kept = tuple(c for c in session.claims if (c.vip, c.epoch) not in back)
        self._relist(session, kept, digest(kept))

    def left(self, now: float, vip: str, nonce: int) -> float:
        """Seconds for which the VIP is promised to a session with another nonce than this."""
        grant = self._grants.get(vip)
        if grant is None or grant.session.nonce == nonce:
            return 0.0
        return max(grant.session.expires - now, 0.0)

    def freed(self) -> set[str]:
        """VIPs that were given back since the last call."""
        found, self._freed = self._freed, set()
        return found

    def contested(self) -> set[str]:
        """VIPs that two said that they hold, since the last call."""
        found, self._contested = self._contested, set()
        return found

    def silence(self, now: float) -> float:
        """Seconds for which this voter says nothing."""
        return max(self._silent_until - now, 0.0)

    def holders(self, now: float) -> Mapping[str, tuple[str, int]]:
        """Owner and epoch of each VIP that is held, as far as this voter knows."""
        alive = {key for key, session in self._sessions.items() if session.expires > now}
        if self._told[0] != (self._records, alive):  # else it is as it was told last
            found = {
                vip: (grant.session.owner, grant.claim.epoch)
                for vip, grant in self._grants.items()
                if grant.claim.held and grant.session.expires > now
            }
            self._told = (self._records, alive), found
        return self._told[1]

    def cloned(self, now: float) -> bool:
        """Whether somebody else answers under this voter's name."""
        return now < self._cloned_until

    # Decisions

    def _turn(self, now: float) -> None:
        """What time has brought."""
        if now >= self._next_at and self._next is not None:
            self._group, self._next, self._next_at = self._next, None, math.inf
        if now - self._swept >= self._group.longest:
            self._swept = now
            limit = now - _FORGET * self._group.longest
            for key in [key for key, session in self._sessions.items() if session.heard < limit]:
                self._relist(self._sessions.pop(key), (), 0)

    def _beware(self, now: float, message: Heartbeat) -> None:
        if any(name == self._name and nonce != self._nonce for name, nonce in message.heard):
            self._cloned_until = now + self._group.lease
            self._silent_until = max(self._silent_until, self._cloned_until)

    def _session(self, owner: str, nonce: int) -> Session:
        session = self._sessions.get((owner, nonce))
        if session is None:
            session = self._sessions[owner, nonce] = Session(owner, nonce)
        return session

    def _relist(self, session: Session, claims: tuple[Claim, ...], known_as: int) -> None:
        """Takes a new list; what the old one had besides is free."""
        listed = {(claim.vip, claim.epoch) for claim in claims}
        for claim in session.claims:
            grant = self._grants.get(claim.vip)
            mine = grant is not None and grant.session is session
            if mine and (claim.vip, claim.epoch) not in listed:
                del self._grants[claim.vip]
                self._records += 1
                self._freed.add(claim.vip)
        session.claims, session.digest, session.whole = claims, known_as, False

    def _renew(self, now: float, session: Session, lease: float) -> tuple[Refusal, ...]:
        """Promises the session's claims from now on; returns those that cannot be promised."""
        session.expires = max(session.expires, now + max(lease, self._group.lease))
        if session.whole:
            return ()
        verdicts = [self._grant(now, session, claim) for claim in session.claims]
        refusals = tuple(refusal for refusal in verdicts if refusal is not None)
        session.whole = not refusals
        return refusals

    def _grant(self, now: float, session: Session, claim: Claim) -> Refusal | None:
        grant = self._grants.get(claim.vip)
        taken = grant is not None and grant.session is not session
        if grant is not None and taken and (left := grant.session.expires - now) > 0:
            holder, there = grant.session.owner, grant.claim
            if claim.held and there.held:
                self._contested.add(claim.vip)
            return Refusal(claim.vip, math.ceil(left * 1000), there.epoch, holder, there.held)
        fence = Fence(claim.epoch, session.owner, session.nonce)
        known = self._fences.get(claim.vip, fence)
        if claim.epoch < known.epoch or (claim.epoch == known.epoch and fence != known):
            return Refusal(claim.vip, 0, known.epoch)
        if grant is not None and taken:
            grant.session.whole = False
        self._fences[claim.vip] = fence
        self._grants[claim.vip] = Grant(session, claim)
        self._records += 1
        return None

    def _answer(
        self,
        now: float,
        message: Heartbeat,
        *,
        unknown: bool = False,
        foreign: bool = False,
        refusals: tuple[Refusal, ...] = (),
    ) -> Ack | None:
        if now < self._silent_until:
            return None
        return Ack(
            group=message.group,
            voter=self._name,
            nonce=self._nonce,
            owner=message.nonce,
            seq=message.seq,
            sets=self._group.sets,
            clock=int(now * 1000),
            unknown=unknown,
            foreign=foreign,
            refusals=refusals,
        )
