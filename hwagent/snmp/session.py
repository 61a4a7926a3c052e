"""One switch by SNMP: tables read by GETBULK, in answers as large as it gives, one at a time.

Only this module imports pysnmp. What an agent may get wrong is a problem of the walk: a loop in
GETNEXT, a table that does not end, an answer that never comes. Answers to other requests, of other
hosts or with a wrong signature are dropped by pysnmp, as if they had not come.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pyasn1.type.univ import Integer, ObjectIdentifier, OctetString
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
    usmAesCfb128Protocol,
    usmAesCfb192Protocol,
    usmAesCfb256Protocol,
    usmHMAC128SHA224AuthProtocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC256SHA384AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACSHAAuthProtocol,
    usmNoAuthProtocol,
    usmNoPrivProtocol,
)
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from .access import Access
from .oid import Oid, show_oid
from .walk import Value

#: Values that one answer is asked for: at first, and at most. An Ethernet frame holds some 60; what
#: is larger comes in fragments, which old switches cannot send (RFC 3416, tooBig).
VALUES_FIRST, VALUES_MAX, VALUES_LEAST = 24, 60, 4
#: Columns that are walked side by side in one request.
COLUMNS_MAX = 12
#: More rows than any switch has: an agent that goes on is one that makes them up.
ROWS_MAX = 100_000
#: A request is sent so often; each time it waits twice as long for the answer.
TRIES = 3
#: A switch that answers more slowly than this is not worth waiting for, in seconds.
WAIT_MAX = 16.0
_AUTH = {
    "": usmNoAuthProtocol,
    "sha": usmHMACSHAAuthProtocol,
    "sha224": usmHMAC128SHA224AuthProtocol,
    "sha256": usmHMAC192SHA256AuthProtocol,
    "sha384": usmHMAC256SHA384AuthProtocol,
    "sha512": usmHMAC384SHA512AuthProtocol,
}
_PRIVACY = {
    "": usmNoPrivProtocol,
    "aes": usmAesCfb128Protocol,
    "aes192": usmAesCfb192Protocol,
    "aes256": usmAesCfb256Protocol,
}
_MODEL = {"1": 0, "2c": 1}
_TOO_BIG = 1
_NO_SUCH_NAME = 2
_ENDS = (EndOfMibView, NoSuchObject, NoSuchInstance)


class Unanswered(Exception):
    """The switch does not answer, or refuses; the text says why, without any secret."""


class Columns(NamedTuple):
    """Values of columns by OID, and what was wrong with their tables."""

    values: dict[Oid, Value]
    problems: list[str]


class Session:
    """Speaks to one switch. ``engine`` may be shared by switches with the same credentials."""

    def __init__(self, engine: Any, access: Access, timeout: float) -> None:
        self._engine = engine
        self._access = access
        self._timeout = timeout
        #: How long an answer is waited for at first: longer once one came late.
        self._wait = timeout
        self._credentials = _credentials(access)
        self._target: Any = None
        self._size = VALUES_FIRST
        #: Requests sent, those sent again included.
        self.requests = 0

    async def get(self, oids: Sequence[Oid]) -> dict[Oid, Value]:
        """Single values; those that are not there are left out. Raises Unanswered."""
        answer = await self._ask(get_cmd, oids)
        return {oid: value for oid, value in answer if value is not None}

    async def columns(self, oids: Sequence[Oid]) -> Columns:
        """Whole columns. Raises Unanswered when the switch stops to answer."""
        found = Columns({}, [])
        for start in range(0, len(oids), COLUMNS_MAX):
            await self._walk(oids[start : start + COLUMNS_MAX], found)
        return found

    async def _walk(self, oids: Sequence[Oid], found: Columns) -> None:
        """Columns side by side: each goes on from where it was until it is at its end."""
        at = {oid: oid for oid in oids}
        rows = 0
        while at and not found.problems:
            answer = await self._next(list(at.values()))
            if not answer:
                found.problems.append(f"{show_oid(next(iter(at)))}: an empty answer")
            _take(at, answer, found)
            rows += len(answer)
            if rows > ROWS_MAX:
                found.problems.append(f"{show_oid(oids[0])}: the table does not end")

    async def _next(self, oids: list[Oid]) -> list[tuple[Oid, Value | None]]:
        """What comes behind each of several OIDs, repeated for as many rows as fit."""
        if self._access.version == "1":
            return await self._ask(next_cmd, oids)
        while True:
            repeat = max(1, self._size // len(oids))
            try:
                answer = await self._ask(bulk_cmd, oids, repeat)
            except _TooBig:
                if self._size <= VALUES_LEAST:
                    raise Unanswered("every answer is too big for it") from None
                self._size //= 2
                continue
            if len(answer) == repeat * len(oids):
                self._size = min(VALUES_MAX, self._size + 4)
            return answer

    async def _ask(
        self, command: Any, oids: Sequence[Oid], repeat: int = 0
    ) -> list[tuple[Oid, Value | None]]:
        """One request, sent again if need be. Raises Unanswered."""
        for turn in range(TRIES):
            wait = self._wait * 2**turn
            target = await self._destination(wait)
            names = [ObjectType(ObjectIdentity(oid)) for oid in oids]
            bulk = (0, repeat) if repeat else ()
            context = ContextData(contextName=self._access.context.encode())
            self.requests += 1
            failed, status, place, pairs = await command(
                self._engine, self._credentials, target, context, *bulk, *names, lookupMib=False
            )
            if failed is None and int(status) == _NO_SUCH_NAME:
                return await self._without(int(place) - 1, command, oids)
            if failed is None:
                self._wait = max(self._timeout, min(WAIT_MAX, wait if turn else self._wait * 0.9))
                return _pairs(int(status), int(place), pairs)
            if "timeout" not in str(failed).lower() or turn + 1 == TRIES:
                raise Unanswered(str(failed))
            self._size = max(VALUES_LEAST, self._size // 2)  # fragments may be what got lost
        raise AssertionError

    async def _without(
        self, place: int, command: Any, oids: Sequence[Oid]
    ) -> list[tuple[Oid, Value | None]]:
        """What SNMPv1 says of the others where one has no (further) value: it names the first."""
        if not 0 <= place < len(oids):
            raise Unanswered(f"it refuses value {place + 1} of {len(oids)}")
        others = [oid for n, oid in enumerate(oids) if n != place]
        answer = await self._ask(command, others) if others else []
        return [*answer[:place], (oids[place], None), *answer[place:]]

    async def _destination(self, wait: float) -> Any:
        """Where requests go; a name is looked up anew for each other time to wait."""
        if self._target is None or self._target.timeout != wait:
            kind = Udp6TransportTarget if ":" in self._access.address else UdpTransportTarget
            place = (self._access.address, self._access.port)
            try:
                self._target = await kind.create(place, timeout=wait, retries=0)
            except Exception as e:  # pysnmp wraps what getaddrinfo says in its own
                raise Unanswered(f"{self._access.address}: {e}") from None
        return self._target


class _TooBig(Exception):
    """The agent cannot send so large an answer."""


def engine() -> Any:
    """What switches with the same credentials share: sockets and the clocks of SNMPv3."""
    return SnmpEngine()


def _credentials(access: Access) -> Any:
    if access.version in _MODEL:
        return CommunityData(access.community, mpModel=_MODEL[access.version])
    return UsmUserData(
        access.user,
        authKey=access.auth_key or None,
        privKey=access.privacy_key or None,
        authProtocol=_AUTH[access.auth],
        privProtocol=_PRIVACY[access.privacy],
    )


def _take(at: dict[Oid, Oid], answer: list[tuple[Oid, Value | None]], found: Columns) -> None:
    """Puts an answer's values into their columns. Values come row by row, in the order asked."""
    asked = list(at)
    for place, (oid, value) in enumerate(answer):
        column = asked[place % len(asked)]
        if column not in at:
            continue
        if value is None or oid[: len(column)] != column:
            del at[column]  # the first that is of another column
        elif oid <= at[column]:
            found.problems.append(f"{show_oid(column)}: it goes round in circles")
            return
        else:
            found.values[oid] = value
            at[column] = oid


def _pairs(status: int, place: int, pairs: Any) -> list[tuple[Oid, Value | None]]:
    """OIDs and values of an answer; None for what is not there."""
    if status == _TOO_BIG:
        raise _TooBig
    if status:
        raise Unanswered(f"it refuses with error {status} on value {place}")
    return [(tuple(name), _value(value)) for name, value in pairs]


def _value(value: Any) -> Value | None:
    if isinstance(value, _ENDS):
        return None
    if isinstance(value, Integer):
        return int(value)
    if isinstance(value, OctetString):
        return bytes(value.asOctets())
    if isinstance(value, ObjectIdentifier):
        return tuple(value)
    return None
