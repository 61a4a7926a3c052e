"""The journal, read without holding the loop up."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import msgspec

from hwagent.journal import Record, pending, read
from hwagent.model import Action, Alert, AlertState, Outcome
from hwagent.respond import Ended
from hwagent.respond.planner import cause_of

#: A disk that does not answer by then costs the answer, not the agent.
DEADLINE = 5.0
#: So many of the last outcomes and alerts are looked at; older ones bind nobody.
RECORDS = 10_000
T = TypeVar("T")


class Past(NamedTuple):
    """Actions that were begun and not ended, outcomes and ends of alerts in order; ``problem`` is
    why that is not known."""

    pending: list[Action] = []
    events: list[Outcome | Ended] = []
    problem: str = ""


async def past(path: str) -> Past:
    """What the agent before this one did, and what it was doing when it ended."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await asyncio.to_thread(_past, path)
    except (TimeoutError, OSError) as e:
        why = str(e) or f"{path}: no answer within {DEADLINE:g} s"
        return Past(problem=f"it is not known what was done before: {why}")


def _past(path: str) -> Past:
    begun = [_as(Action, record) for record in pending(path)]
    told = read(path, types=("outcome", "alert"), limit=RECORDS)
    return Past([action for action in begun if action is not None], _events(told))


def _events(records: Iterable[Record]) -> list[Outcome | Ended]:
    found: list[Outcome | Ended] = []
    for record in records:
        if record.type == "outcome":
            if (outcome := _as(Outcome, record)) is not None:
                found.append(outcome)
        elif (alert := _as(Alert, record)) is not None and alert.state is AlertState.RESOLVED:
            found.append(Ended(cause_of(alert)))
    return found


def _as(type: type[T], record: Record) -> T | None:
    """The record's data; None for what another version wrote."""
    try:
        return msgspec.convert(record.data, type)
    except msgspec.ValidationError:
        return None


async def records(
    path: str, since: float, component: str, types: tuple[str, ...], limit: int
) -> list[Record]:
    """Records of the journal, oldest first. Raises TimeoutError, OSError."""
    async with asyncio.timeout(DEADLINE):
        return await asyncio.to_thread(
            read, path, since=since, component=component, types=types, limit=limit
        )
