"""Asking a switch behind which ports it has seen certain addresses. A large one knows tens of
thousands: its tables are not read for that."""

from collections.abc import Sequence

from .oid import Oid
from .session import Session
from .stations import BY_VLAN, PLAIN
from .walk import Value

#: Values that are asked for at most: a few dozen requests. SNMPv1 takes one for each that it lacks.
ASKED_MAX, OLD_MAX = 1000, 24
#: VLANs whose tables are looked into.
FILTERS_MAX = 64


async def ask(session: Session, macs: Sequence[str], old: bool) -> dict[Oid, Value]:
    """What a switch says of these addresses. Raises Unanswered."""
    tables = [PLAIN, *((*BY_VLAN, number) for number in await _filters(session))]
    rows = [tuple(bytes.fromhex(mac.replace(":", ""))) for mac in macs]
    asked = [(*table, *row) for row in rows for table in tables]
    return await session.get(asked[: OLD_MAX if old else ASKED_MAX])


async def _filters(session: Session) -> list[int]:
    """The numbers of the tables by VLAN, each found by asking for what is behind the last: agents
    that have a list of them are few."""
    found: list[int] = []
    at = BY_VLAN
    while len(found) < FILTERS_MAX:
        oid = await session.behind(at)
        if oid[: len(BY_VLAN)] != BY_VLAN or oid <= at:
            break
        found.append(oid[len(BY_VLAN)])
        at = (*BY_VLAN, found[-1] + 1)
    return found
