"""One switch by SNMP: tables read by GETBULK, in answers as large as it gives, one at a time.

What an agent may get wrong is a problem of the walk: a loop in GETNEXT, a table that does not end,
an answer that never comes. Answers to other requests, of other hosts or with a wrong signature are
dropped, as if they had not come.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from .access import Access
from .dialects import Dialect, dialect
from .oid import Oid, show_oid
from .pdu import GET, GET_BULK, GET_NEXT, Pair
from .walk import Value
from .wire import Unanswered, Wire

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
#: At first an answer is waited for as long as they take of late, times this.
PATIENCE = 1.5
_TOO_BIG = 1
_ALWAYS_TOO_BIG = "every answer is too big for it"
_NO_SUCH_NAME = 2


class Columns(NamedTuple):
    """Values of columns by OID, and what was wrong with their tables."""

    values: dict[Oid, Value]
    problems: list[str]


class Session:
    """Speaks to one switch, and leaves it ``pause`` seconds between an answer and what follows."""

    def __init__(self, access: Access, timeout: float, pause: float = 0.0) -> None:
        self._pause, self._not_before = pause, 0.0
        self._old = access.version == "1"
        self._timeout = timeout
        #: How long answers take, of late.
        self._usual = 0.0
        self.dialect: Dialect = dialect(access)
        self._wire = Wire((access.address, access.port), self.dialect)
        self._size = VALUES_FIRST

    @property
    def peer(self) -> str:
        """The address that the switch has now; empty while it is not spoken to."""
        return self._wire.peer

    def close(self) -> None:
        """Closes its socket."""
        self._wire.close()

    async def get(self, oids: Sequence[Oid]) -> dict[Oid, Value]:
        """Single values; those that are not there are left out. Raises Unanswered."""
        found: dict[Oid, Value] = {}
        rest, step = list(oids), VALUES_FIRST
        while rest:
            try:
                answer = await self._ask(GET, rest[:step])
            except _TooBig:
                step = min(step, len(rest)) // 2
                if not step:
                    raise Unanswered(_ALWAYS_TOO_BIG) from None
                continue
            found.update((oid, value) for oid, value in answer if value is not None)
            rest = rest[step:]
        return found

    async def behind(self, oid: Oid) -> Oid:
        """The first OID behind one that has a value; empty if there is none. Raises Unanswered."""
        try:
            answer = await self._following([oid], 1)
        except _TooBig:
            raise Unanswered(_ALWAYS_TOO_BIG) from None
        return answer[0][0] if answer and answer[0][1] is not None else ()

    async def present(self, oids: Sequence[Oid]) -> list[Oid]:
        """Those columns that have a row: far cheaper than to walk them all. Raises Unanswered."""
        found: list[Oid] = []
        rest, step = list(oids), VALUES_FIRST
        while rest:
            part = rest[:step]
            try:
                answer = await self._following(part, 1)
            except _TooBig:
                step = len(part) // 2
                if not step:
                    raise Unanswered(_ALWAYS_TOO_BIG) from None
                continue
            if not answer:
                raise Unanswered("an empty answer")
            pairs = list(zip(part, answer))
            found += [c for c, (oid, value) in pairs if value is not None and _in(c, oid)]
            rest = rest[len(pairs) :]
        return found

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

    async def _next(self, oids: list[Oid]) -> list[Pair]:
        """What comes behind each of several OIDs, repeated for as many rows as fit."""
        while True:
            repeat = max(1, self._size // len(oids))
            try:
                answer = await self._following(oids, repeat)
            except _TooBig:
                if self._size <= VALUES_LEAST:
                    raise Unanswered(_ALWAYS_TOO_BIG) from None
                self._size //= 2
                continue
            if len(answer) == repeat * len(oids):
                self._size = min(VALUES_MAX, self._size + 4)
            return answer

    async def _following(self, oids: Sequence[Oid], repeat: int) -> list[Pair]:
        """What comes behind OIDs; SNMPv1 cannot repeat. Raises _TooBig, Unanswered."""
        if self._old:
            return await self._ask(GET_NEXT, oids)
        return await self._ask(GET_BULK, oids, repeat)

    async def _ask(self, tag: int, oids: Sequence[Oid], repeat: int = 0) -> list[Pair]:
        """One request, sent again if need be. Raises Unanswered."""
        loop = asyncio.get_running_loop()
        if self._pause:
            await asyncio.sleep(self._not_before - loop.time())
        began = loop.time()
        waits = [self._wait * 2**turn for turn in range(TRIES)]
        try:
            answer = await self._wire.ask(tag, oids, repeat, waits)
        except Unanswered:  # it may be slower than we were patient
            self._usual = self._wait * 2 / PATIENCE
            self._smaller()
            raise
        self._not_before = loop.time() + self._pause
        self._took(loop.time() - began)
        if answer.status == _NO_SUCH_NAME:
            return await self._without(answer.place - 1, tag, oids)
        if answer.status == _TOO_BIG:
            raise _TooBig
        if answer.status:
            raise Unanswered(f"it refuses with error {answer.status} on value {answer.place}")
        return answer.pairs

    @property
    def _wait(self) -> float:
        return min(WAIT_MAX, max(self._timeout, self._usual * PATIENCE))

    def _took(self, seconds: float) -> None:
        late = seconds > self._wait
        self._usual = max(seconds, self._usual * 0.9)
        if late:
            self._smaller()

    def _smaller(self) -> None:
        """Fragments of large answers may be what got lost."""
        self._size = max(VALUES_LEAST, self._size // 2)

    async def _without(self, place: int, tag: int, oids: Sequence[Oid]) -> list[Pair]:
        """What SNMPv1 says of the others where one has no (further) value: it names the first."""
        if not 0 <= place < len(oids):
            raise Unanswered(f"it refuses value {place + 1} of {len(oids)}")
        others = [oid for n, oid in enumerate(oids) if n != place]
        answer = await self._ask(tag, others) if others else []
        return [*answer[:place], (oids[place], None), *answer[place:]]


def _in(column: Oid, oid: Oid) -> bool:
    return oid[: len(column)] == column


class _TooBig(Exception):
    """The agent cannot send so large an answer."""


def _take(at: dict[Oid, Oid], answer: list[Pair], found: Columns) -> None:
    """Puts an answer's values into their columns. Values come row by row, in the order asked."""
    asked = list(at)
    for place, (oid, value) in enumerate(answer):
        column = asked[place % len(asked)]
        if column not in at:
            continue
        if value is None or not _in(column, oid):
            del at[column]  # the first that is of another column
        elif oid <= at[column]:
            found.problems.append(f"{show_oid(column)}: it goes round in circles")
            return
        else:
            found.values[oid] = value
            at[column] = oid
