"""What comes to the port of traps: whose it is, if anybody's that we know. Pure.

A trap is not believed: it says only that something is worth a look. So a forged one could make us
ask, at most; those that can be told are dropped and counted all the same. SNMPv3's are told for
certain: they come from the engine that answers our polls, are signed by its user and no older than
its clock allows (RFC 3414, 3.2). Of v1 and v2c there are the address and the community, which
anybody on the way can read.

Of an inform we are the authoritative side: it is for our engine, by our clock, and acknowledged.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from .access import Access
from .ber import SEQUENCE, Damaged, inside, number, packed, packed_number, packed_oid
from .dialects import Community, Dialect, User
from .keys import SALT, Keys, keys
from .oid import Oid
from .pdu import COUNTER32, INFORM, REPORT, TRAP, TRAP_V1, Trap, answered, trap_of
from .usm import (
    NOT_IN_TIME,
    REPORTABLE,
    STATISTICS,
    UNKNOWN_ENGINE,
    WINDOW,
    Clock,
    Envelope,
    Opened,
    envelope,
    opened,
    scoped,
    sealed,
)

#: Datagrams that are looked at in a second, all senders together: checking signatures costs.
RATE = 200
#: Datagrams that are remembered, to know those that come again.
_SEEN_MAX = 4096
_V3 = 3


class Friend(NamedTuple):
    """A switch whose traps are heard: ``peer`` tells the address that it answers from."""

    name: str
    sources: tuple[str, ...]
    peer: Callable[[], str]
    access: Access
    dialect: Dialect


class Judged(NamedTuple):
    """What to make of a datagram: whose trap it is, or why it is dropped; what to answer."""

    name: str = ""
    trap: Trap | None = None
    why: str = ""
    reply: bytes = b""


class Reception:
    """Judges what comes in. ``clock`` is that of our own engine."""

    def __init__(self, clock: Clock, friends: Sequence[Friend]) -> None:
        self._clock = clock
        self._friends = friends
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._second, self._room = 0.0, RATE
        self._salt = 0
        #: Datagrams that were dropped, by reason.
        self.dropped: Counter[str] = Counter()

    def receive(self, now: float, data: bytes, source: str) -> Judged:
        """A datagram came from an address."""
        friends = self._of(source)
        if not friends:
            judged = Judged(why="unknown source")
        elif not self._may(now):
            judged = Judged(why="too many")
        else:
            judged = self._once(now, data, self._judge(now, data, friends))
        if judged.why:
            self.dropped[judged.why] += 1
        return judged

    def _judge(self, now: float, data: bytes, friends: list[Friend]) -> Judged:
        try:
            at, end = inside(data, 0, len(data), SEQUENCE)
            version, _ = number(data, at, end)
            if version == _V3:
                return self._user(now, envelope(data), friends)
            return _community(data, friends)
        except (Damaged, IndexError):
            return Judged(why="damaged")

    def _user(self, now: float, letter: Envelope, friends: list[Friend]) -> Judged:
        users = [(f, f.dialect) for f in friends if isinstance(f.dialect, User)]
        named = [(f, u) for f, u in users if u.fits(letter.user)]
        if letter.engine == self._clock.engine:
            return self._for_us(now, letter, [f for f, _ in named])
        theirs = [(f, u) for f, u in named if u.clock and u.clock.engine == letter.engine]
        if theirs:
            return _of_engine(now, letter, *theirs[0])
        reply = self._who_we_are(now, letter) if users and letter.flags & REPORTABLE else b""
        if reply and not letter.engine:
            return Judged(reply=reply)
        return Judged(why="wrong engine" if named or not users else "wrong user", reply=reply)

    def _for_us(self, now: float, letter: Envelope, friends: list[Friend]) -> Judged:
        """An inform: signed with the user's key at our engine."""
        why, at = "wrong user", (letter.boots, letter.seconds)
        for friend, of in ((f, self._keys(f.access)) for f in friends):
            try:
                found = opened(letter, of)
            except Damaged:
                why = "wrong key"
                continue
            if of.auth and not (letter.boots == self._clock.boots and self._clock.near(*at, now)):
                return Judged(why="old", reply=self._clock_differs(now, letter, of))
            if found.pdu.tag != INFORM:
                return Judged(why="damaged")
            reply = self._acknowledged(now, letter, of, found)
            return Judged(friend.name, trap_of(found.pdu), reply=reply)
        return Judged(why=why)

    def _keys(self, of: Access) -> Keys:
        return keys(of.auth, of.auth_key, of.privacy, of.privacy_key, self._clock.engine)

    def _acknowledged(self, now: float, letter: Envelope, of: Keys, found: Opened) -> bytes:
        scope = scoped(
            found.context_engine, found.context.decode("utf-8", "replace"), _reply(found.raw)
        )
        return self._sealed(now, letter, of, scope)

    def _who_we_are(self, now: float, letter: Envelope) -> bytes:
        """Who does not know our engine is told (RFC 3414, 4); so everybody may be who asks."""
        scope = scoped(self._clock.engine, "", _report(UNKNOWN_ENGINE))
        return sealed(letter.message, "", Keys(), self._clock, now, b"", scope, flags=0)

    def _clock_differs(self, now: float, letter: Envelope, of: Keys) -> bytes:
        scope = scoped(self._clock.engine, "", _report(NOT_IN_TIME))
        return self._sealed(now, letter, of._replace(privacy_key=b""), scope)

    def _sealed(self, now: float, letter: Envelope, of: Keys, scope: bytes) -> bytes:
        self._salt += 1
        salt, user = self._salt.to_bytes(SALT), letter.user.decode("utf-8", "replace")
        return sealed(letter.message, user, of, self._clock, now, salt, scope, flags=0)

    def _once(self, now: float, data: bytes, judged: Judged) -> Judged:
        """A trap counts once. An inform that comes again is acknowledged again."""
        if judged.trap is None:
            return judged
        while self._seen and (
            len(self._seen) >= _SEEN_MAX or next(iter(self._seen.values())) < now - 2 * WINDOW
        ):
            self._seen.popitem(last=False)
        if data in self._seen:
            return Judged(why="repeated", reply=judged.reply)
        self._seen[data] = now
        return judged

    def _may(self, now: float) -> bool:
        if now - self._second >= 1:
            self._second, self._room = now, RATE
        self._room -= 1
        return self._room >= 0

    def _of(self, source: str) -> list[Friend]:
        return [f for f in self._friends if source in f.sources or source == f.peer()]


def plain_source(address: str) -> str:
    """An address as the configuration has it: without a zone, IPv4 as such."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _community(data: bytes, friends: list[Friend]) -> Judged:
    for friend, of in _communities(friends):
        if not of.mine(data):
            continue
        pdu, at, end = of.unpacked(data)
        if pdu.tag not in (TRAP, TRAP_V1, INFORM):
            return Judged(why="damaged")
        reply = of.answer(_reply(data[at:end])) if pdu.tag == INFORM else b""
        return Judged(friend.name, trap_of(pdu), reply=reply)
    return Judged(why="wrong community")


def _communities(friends: list[Friend]) -> Iterator[tuple[Friend, Community]]:
    """Each switch that speaks by community, in both versions: traps may be of either."""
    for friend in friends:
        if friend.access.community:
            for version in ("2c", "1"):
                access = Access(
                    address="", port=0, version=version, community=friend.access.community
                )
                yield friend, Community(access)


def _of_engine(now: float, letter: Envelope, friend: Friend, user: User) -> Judged:
    """A trap: signed with the user's key at the engine of the switch, by the switch's clock."""
    assert user.clock is not None
    if not user.synchronised:
        return Judged(why="clock unknown")
    try:
        found = opened(letter, user.keys)
    except Damaged:
        return Judged(why="wrong key")
    if user.keys.auth and not user.clock.near(letter.boots, letter.seconds, now):
        return Judged(why="old")
    if found.pdu.tag != TRAP:
        return Judged(why="damaged")
    return Judged(friend.name, trap_of(found.pdu))


def _reply(pdu: bytes) -> bytes:
    return answered(pdu, 0, len(pdu))


def _report(counter: int) -> bytes:
    oid: Oid = (*STATISTICS, counter, 0)
    pair = packed(SEQUENCE, packed_oid(oid), packed_number(1, COUNTER32))
    return packed(REPORT, *(packed_number(0),) * 3, packed(SEQUENCE, pair))
