"""Reading the journal, while it is written or after. Blocks: for workers, threads and the CLI."""

import contextlib
import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from .record import Record

#: Time that a writer's commit may hold a reader up, in seconds.
BUSY = 2.0
_SELECT = "SELECT time, type, component, name, data, id FROM records WHERE "
_MATCHES = (
    "time BETWEEN :since AND :until"
    " AND (:types = '[]' OR type IN (SELECT value FROM json_each(:types)))"
)
_LAST = " ORDER BY id DESC LIMIT :limit"
_ALL = _SELECT + _MATCHES + _LAST
_OF_COMPONENT = _SELECT + "component = :component AND " + _MATCHES + _LAST
# The same words as the index of the store, which is used only then
_ACTIONS = _SELECT + "type IN ('intent', 'outcome') ORDER BY id"


def read(
    path: str,
    *,
    since: float = 0,
    until: float | None = None,
    component: str = "",
    types: Sequence[str] = (),
    limit: int = 1000,
) -> list[Record]:
    """The last ``limit`` records that match, oldest first; times are seconds since the epoch.

    Raises OSError if the journal is there but cannot be read.
    """
    values = {
        "since": since,
        "until": 1e18 if until is None else until,
        "component": component,
        "types": msgspec.json.encode(list(types)).decode(),
        "limit": limit,
    }
    return _query(path, _OF_COMPONENT if component else _ALL, values)[::-1]


def pending(path: str) -> list[Record]:
    """Intents without outcome, oldest first: what was under way when the agent was ended.

    An outcome belongs to the intent whose data has the ``id`` of its ``action``. Raises OSError.
    """
    open: dict[str, Record] = {}
    for record in _query(path, _ACTIONS, {}):
        if record.type == "intent":
            open[str(record.data.get("id"))] = record
        else:
            action = record.data.get("action")
            open.pop(str(action.get("id")) if isinstance(action, dict) else "", None)
    return list(open.values())


def _query(path: str, query: str, values: Mapping[str, Any]) -> list[Record]:
    if not os.path.exists(path):
        return []
    try:
        uri = f"file:{quote(path)}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY)) as db:
            return [_record(row) for row in db.execute(query, values)]
    except (sqlite3.Error, msgspec.DecodeError) as e:
        raise OSError(f"{path}: {e}") from None


def _record(row: Sequence[Any]) -> Record:
    time, type, component, name, data, id = row
    return Record(time, type, component, name, msgspec.json.decode(data, type=dict[str, Any]), id)
