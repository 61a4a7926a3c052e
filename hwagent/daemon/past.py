"""The journal, read without holding the loop up."""

import asyncio

import msgspec

from hwagent.journal import Record, pending, read
from hwagent.model import Action

#: A disk that does not answer by then costs the answer, not the agent.
DEADLINE = 5.0


async def unfinished(path: str) -> list[Action]:
    """Actions whose intent stands in the journal without an outcome."""
    try:
        async with asyncio.timeout(DEADLINE):
            records = await asyncio.to_thread(pending, path)
    except (TimeoutError, OSError):
        return []
    return [a for r in records if (a := _action(r)) is not None]


def _action(record: Record) -> Action | None:
    try:
        return msgspec.convert(record.data, Action)
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
