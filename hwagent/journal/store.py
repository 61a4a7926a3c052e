"""The journal's file: SQLite in WAL mode, bounded in size and age.

Sources: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_auto_vacuum, sqlite.org/rescode.html.
"""

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from .record import Record

VERSION = 1
PAGE = 4096
SIZE_MIN = 512 * 1024
#: Broken files that are kept for people to look at.
KEPT = 3
#: Records older than allowed are looked for so often, in seconds.
AGE_CHECK = 60.0
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, time REAL NOT NULL, "
    "type TEXT NOT NULL, component TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS by_time ON records (time)",
    "CREATE INDEX IF NOT EXISTS by_component ON records (component, time)",
    "CREATE INDEX IF NOT EXISTS actions ON records (type, id) WHERE type IN ('intent', 'outcome')",
)


Row = tuple[float, str, str, str, str]


class Damaged(Exception):
    """The file is no database, is damaged, or is not one of ours."""


class Store:
    """One open journal. ``max_size`` bounds, in bytes, all its files together."""

    def __init__(self, path: str, max_size: int, keep: float) -> None:
        self._path = path
        self._keep = keep
        size = max(max_size, SIZE_MIN)
        self._wal = min(size // 8, 4 << 20)
        self._pages = (size - 2 * self._wal) // PAGE
        self._db: sqlite3.Connection | None = None
        self._aged_at = 0.0

    def open(self) -> None:
        """Opens or makes the file and proves that it can be written. Raises Damaged, OSError."""
        with _told():
            self._connection()

    def append(self, records: Iterable[Record], now: float) -> None:
        """Puts records on the disk, in order. Raises Damaged, OSError."""
        rows: list[Row] = []
        size = 0
        with _told():
            for record in records:
                rows.append(_row(record))
                size += len(rows[-1][-1])
                # Small transactions, since the write-ahead log holds the whole of one
                if size > self._wal // 4:
                    self._commit(self._connection(), rows, now)
                    rows, size = [], 0
            self._commit(self._connection(), rows, now)

    def close(self) -> None:
        """Closes the file; what was not committed is gone."""
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()

    def set_aside(self) -> str:
        """Renames a damaged file; returns its new name. Raises OSError."""
        self.close()
        path = Path(self._path)
        pattern = re.compile(re.escape(path.name) + r"\.broken-(\d{1,9})")
        numbers = [int(m[1]) for p in path.parent.iterdir() if (m := pattern.fullmatch(p.name))]
        number = max(numbers, default=0) + 1
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{suffix}", f"{path}.broken-{number}{suffix}")
            for old in (n for n in numbers if n <= number - KEPT):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{path}.broken-{old}{suffix}")
        return f"{path}.broken-{number}"

    def _connection(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        db = sqlite3.connect(self._path, timeout=5.0, isolation_level=None)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        self._db = db
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = _one(db, "PRAGMA user_version")
        if version not in (0, VERSION) or (version == 0 and _one(db, _TABLES)):
            raise Damaged(f"made by another program or version ({version})")
        if (found := _one(db, "PRAGMA quick_check(1)")) != "ok":
            raise Damaged(str(found))
        for pragma in (
            f"page_size = {PAGE}",
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            # Acknowledged means on the disk, also after a loss of power
            "synchronous = FULL",
            f"wal_autocheckpoint = {self._wal // PAGE}",
            f"journal_size_limit = {self._wal}",
            "cache_size = -512",
        ):
            db.execute(f"PRAGMA {pragma}").fetchall()
        for statement in _SCHEMA:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")

    def _commit(self, db: sqlite3.Connection, rows: list[Row], now: float) -> None:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "INSERT INTO records (time, type, component, name, data) VALUES (?, ?, ?, ?, ?)", rows
        )
        self._forget(db, now)
        db.execute("COMMIT")
        excess = _one(db, "PRAGMA page_count") - self._pages
        if excess > 0:
            # execute() stops after the first page: the pragma gives rows without columns
            db.executescript(f"PRAGMA incremental_vacuum({excess})")
        if _size(f"{self._path}-wal") > self._wal:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _forget(self, db: sqlite3.Connection, now: float) -> None:
        """Deletes what is too old, then the oldest until the rest fits."""
        if now - self._aged_at > AGE_CHECK or now < self._aged_at:
            db.execute("DELETE FROM records WHERE time < ?", (now - self._keep,))
            self._aged_at = now
        while _one(db, "PRAGMA page_count") - _one(db, "PRAGMA freelist_count") > self._pages:
            first, last = db.execute("SELECT min(id), max(id) FROM records").fetchone()
            if first is None:
                break
            db.execute("DELETE FROM records WHERE id <= ?", (first + (last - first) // 64,))


_TABLES = "SELECT count(*) FROM sqlite_master"


def _row(record: Record) -> Row:
    data = msgspec.json.encode(record.data).decode()
    return record.time, record.type, record.component, record.name, data


def _size(path: str) -> int:
    return os.stat(path).st_size if os.path.exists(path) else 0


def _one(db: sqlite3.Connection, query: str) -> Any:
    row = db.execute(query).fetchone()
    return row[0] if row else 0


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turns SQLite's errors into Damaged, or into an OSError that says what is wrong."""
    try:
        yield
    except sqlite3.Error as e:
        code = getattr(e, "sqlite_errorcode", 0) & 0xFF
        if code in _CORRUPT or code == sqlite3.SQLITE_ERROR:
            raise Damaged(str(e)) from None
        raise OSError(str(e)) from None
