"""The journal: bounded, never in the agent's way, and true to what it acknowledged."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from hwagent.journal import Journal, Record, pending, read
from hwagent.journal.record import Batch
from hwagent.journal.store import SIZE_MIN
from tests.loop import LONG, in_loop, until

YEAR = 365 * 86400.0
NOW = time.time() - 3600


def reading(number: int, size: int = 40, component: str = "disk:a", at: float = 0) -> Record:
    data = {"metrics": {"n": number}, "text": "x" * size}
    return Record(at or time.time(), "reading", component, "disk", data)


def intent(id: str) -> Record:
    return Record(time.time(), "intent", "array:md0", "array_add_spare", {"id": id})


def outcome(id: str) -> Record:
    data = {"action": {"id": id}, "result": "done"}
    return Record(time.time(), "outcome", "array:md0", "array_add_spare", data)


@asynccontextmanager
async def journal(
    path: Path, max_size: int = 8 << 20, keep: float = YEAR
) -> AsyncIterator[Journal]:
    made = Journal(str(path), max_size, keep, retry=0.2)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


def numbers(path: Path, **options) -> list[int]:
    return [r.data["metrics"]["n"] for r in read(str(path), types=["reading"], **options)]


def files(path: Path) -> int:
    return sum(p.stat().st_size for p in path.parent.glob(f"{path.name}*"))


def writer_of(made: Journal) -> int:
    """Process id of the writer, a child of this process that has the journal's path."""
    own = Path(f"/proc/{os.getpid()}/task")
    for pid in (p for task in own.iterdir() for p in (task / "children").read_text().split()):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"hwagent.journal" in command and made._writer._argv[4].encode() in command:
            return int(pid)
    raise AssertionError("there is no writer")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@in_loop
async def test_records_come_back_as_they_were(path: Path) -> None:
    async with journal(path) as made:
        records = [reading(n, component=f"disk:{n % 2}", at=NOW + n) for n in range(10)]
        for record in records:
            made.write(record)
        assert await made.commit(intent("1"), LONG)
        found = read(str(path))
        assert [r.id for r in found] == list(range(1, 12))
        assert [(r.time, r.component, r.data) for r in found[:10]] == [
            (r.time, r.component, r.data) for r in records
        ]
    assert numbers(path, component="disk:1") == [1, 3, 5, 7, 9]
    assert numbers(path, since=NOW + 3, until=NOW + 5) == [3, 4, 5]
    assert numbers(path, limit=2) == [8, 9], "the last ones, oldest first"
    assert [r.type for r in read(str(path), types=["intent"])] == ["intent"]


@in_loop
async def test_an_intent_is_pending_until_its_outcome(path: Path) -> None:
    assert pending(str(path)) == []
    async with journal(path) as made:
        for record in (intent("1"), intent("2"), outcome("1"), reading(1)):
            assert await made.commit(record, LONG)
        assert [r.data["id"] for r in pending(str(path))] == ["2"]
        assert await made.commit(outcome("2"), LONG)
    assert pending(str(path)) == []


@in_loop
async def test_what_was_acknowledged_survives_the_kill_of_the_writer(path: Path) -> None:
    async with journal(path) as made:
        for n in range(100):
            made.write(reading(n))
        assert await made.commit(intent("1"), LONG)
        os.kill(writer_of(made), signal.SIGKILL)
        assert numbers(path) == list(range(100))
        assert [r.data["id"] for r in pending(str(path))] == ["1"]
        # And it goes on by itself; what was under way when it was killed may be lost, and is told
        assert await made.commit(intent("2"), LONG) or await made.commit(intent("2"), LONG)
        assert len(pending(str(path))) == 2
        assert made.broken == ""


@in_loop
async def test_the_files_keep_to_their_bound_and_the_newest_stay(path: Path) -> None:
    size, last = 2 * SIZE_MIN, 0
    async with journal(path, max_size=size) as made:
        for round in range(12):
            for n in range(round * 500, round * 500 + 500):
                made.write(reading(n, size=400))
            assert await made.commit(reading(last := round * 500 + 500, size=400), LONG)
            assert files(path) <= size
    found = numbers(path, limit=10_000)
    assert found[-1] == last
    assert 500 < len(found) < 3000
    assert made.dropped == 0


@in_loop
async def test_a_smaller_bound_shrinks_the_file(path: Path) -> None:
    async with journal(path) as made:
        for n in range(5000):
            made.write(reading(n, size=400))
        await made.commit(intent("1"), LONG)
    assert files(path) > 2 * SIZE_MIN
    async with journal(path, max_size=2 * SIZE_MIN) as made:
        await made.commit(intent("2"), LONG)
    assert files(path) <= 2 * SIZE_MIN
    assert [r.data["id"] for r in pending(str(path))][-1] == "2"


@in_loop
async def test_old_records_are_forgotten(path: Path) -> None:
    async with journal(path, keep=3600) as made:
        made.write(reading(1, at=time.time() - 7200))
        made.write(reading(2, at=time.time() - 1800))
        await made.commit(intent("1"), LONG)
    assert numbers(path) == [2]


@pytest.mark.parametrize("damage", ["text", "middle", "other"])
@in_loop
async def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(
    path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = _damaged(path, damage)
    async with journal(path) as made:
        assert await made.commit(intent("1"), LONG)
        assert made.broken == ""
    assert [r.data["id"] for r in pending(str(path))] == ["1"]
    assert (path.parent / "journal.db.broken-1").read_bytes() == before
    assert "kept as" in caplog.text


def _damaged(path: Path, damage: str) -> bytes:
    """Makes a file that is no journal, and returns its content."""
    if damage == "text":
        path.write_text("this is no database\n" * 1000)
        return path.read_bytes()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE records (something)")
        db.executemany("INSERT INTO records VALUES (?)", [("y" * 500,)] * 1000)
        db.execute(f"PRAGMA user_version = {1 if damage == 'middle' else 0}")
        db.commit()
    if damage == "middle":
        data = bytearray(path.read_bytes())
        data[4096:20480] = os.urandom(16384)
        path.write_bytes(data)
    return path.read_bytes()


@in_loop
async def test_only_the_last_broken_ones_are_kept(path: Path) -> None:
    for _ in range(5):
        _damaged(path, "text")
        async with journal(path) as made:
            assert await made.commit(intent("1"), LONG)
    names = sorted(p.name for p in path.parent.glob("*.broken-?"))
    assert names == [f"journal.db.broken-{n}" for n in (3, 4, 5)]


def made_unusable(path: Path) -> None:
    path.mkdir()


def made_usable(path: Path) -> None:
    path.rmdir()


@in_loop
async def test_what_cannot_be_written_is_said_counted_and_tried_again(path: Path) -> None:
    made_unusable(path)
    async with journal(path) as made:
        await until(lambda: made.broken)
        assert "unable to open" in made.broken
        assert not await made.commit(intent("1"), LONG)
        for n in range(10):
            made.write(reading(n))
        await until(lambda: made.dropped == 11)
        made_usable(path)
        await until(lambda: not made.broken)
        assert await made.commit(intent("2"), LONG)
    assert [r.data["id"] for r in pending(str(path))] == ["2"]
    assert made.dropped == 11


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=True)
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk: Path) -> None:
    free = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * (free.f_bavail * free.f_bsize))


@pytest.mark.root
@in_loop
async def test_a_full_disk_is_said_and_survived(small_disk: Path) -> None:
    path = small_disk / "journal.db"
    async with journal(path, max_size=64 << 20) as made:
        assert await made.commit(intent("1"), LONG)
        fill(small_disk)
        for n in range(1000):
            made.write(reading(n, size=400))
        assert not await made.commit(intent("2"), LONG)
        assert "full" in made.broken
        assert made.dropped == 1001
        assert [r.data["id"] for r in pending(str(path))] == ["1"]
        os.unlink(small_disk / "filler")
        await until(lambda: not made.broken)
        assert await made.commit(intent("3"), LONG)
        assert [r.data["id"] for r in pending(str(path))] == ["1", "3"]


@in_loop
async def test_a_writer_that_stands_still_costs_records_not_time(path: Path) -> None:
    async with journal(path) as made:
        assert await made.commit(intent("1"), LONG)
        writer = writer_of(made)
        os.kill(writer, signal.SIGSTOP)
        for n in range(20_000):
            made.write(reading(n, size=1000))
            if n % 100 == 0:
                await asyncio.sleep(0)
        assert made.dropped > 10_000
        assert not await made.commit(intent("2"), 0.1)
        os.kill(writer, signal.SIGCONT)
        await until(lambda: made._done == made._sent)
        dropped = made.dropped
        assert await made.commit(intent("3"), LONG)
        assert made.dropped == dropped
    assert len(numbers(path, limit=100_000)) + made.dropped >= 20_000


@in_loop
async def test_a_record_that_is_too_large_is_dropped(path: Path) -> None:
    async with journal(path) as made:
        assert not await made.commit(reading(1, size=100_000), LONG)
        made.write(Record(NOW, "note", "x", "x", {"n": 2**70}))
        assert made.dropped == 2
        assert await made.commit(reading(2), LONG)
    assert numbers(path) == [2]


@in_loop
async def test_reading_while_it_is_written_holds_nobody_up(path: Path) -> None:
    async with journal(path) as made:
        await made.commit(reading(0), LONG)
        stop = threading.Event()
        errors: list[Exception] = []

        def look() -> None:
            while not stop.is_set():
                try:
                    read(str(path), limit=100)
                except OSError as e:
                    errors.append(e)

        thread = threading.Thread(target=look)
        thread.start()
        for n in range(1, 30):
            assert await made.commit(reading(n), LONG)
        stop.set()
        await asyncio.to_thread(thread.join)
    assert errors == []
    assert numbers(path) == list(range(30))


def test_what_was_sent_is_written_after_the_agent_is_killed(path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    argv = [sys.executable, "-m", "hwagent.journal", "--path", str(path), "--max-size", "1000000",
            "--keep", "1e9", "--fd", str(theirs.fileno())]  # fmt: skip
    writer = subprocess.Popen(argv, pass_fds=[theirs.fileno()])
    theirs.close()
    for n in range(20):
        raw = msgspec.Raw(msgspec.msgpack.encode(reading(n)))
        ours.send(msgspec.msgpack.encode(Batch(n + 1, False, [raw])))
    ours.close()
    assert writer.wait(LONG) == 0
    assert numbers(path) == list(range(20))


def test_an_unreadable_journal_is_an_os_error(path: Path) -> None:
    path.write_text("no database " * 100)
    with pytest.raises(OSError, match="not a database"):
        read(str(path))
    assert read(str(path) + "-none") == []
