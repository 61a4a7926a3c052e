"""The pool: whatever hangs or dies, the others go on and nothing is lost count of."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hwagent.helper import Pool, ProbeFailed, ProbeStuck
from hwagent.helper import pool as pools
from tests.loop import LONG, in_loop, until
from tests.waiting import wait_for

NURSERY = (sys.executable, str(Path(__file__).with_name("odd_nursery.py")))


@asynccontextmanager
async def odd_pool(**options):
    pool = Pool("poller", nursery=NURSERY, **options)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Locked:
    """What the job ``hang`` waits for."""

    def __init__(self, path: Path) -> None:
        self.argument = {"locked": str(path)}
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def waiting(self) -> list[Path]:
        """One file for each worker that waits."""
        return list(self._path.parent.glob(f"{self._path.name}.*"))

    def release(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Locked]:
    locked = Locked(tmp_path / "locked")
    yield locked
    locked.release()


@in_loop
async def test_looks_at_a_tree_through_workers(tmp_path: Path) -> None:
    place = tmp_path / "sys/block/sda"
    place.mkdir(parents=True)
    (place / "size").write_text("8\n")
    async with odd_pool(root=str(tmp_path)) as pool:
        assert await pool.targets("disk") == [""]
        found = await pool.collect("disk", "", LONG)
        assert [s.id for s in found] == ["disk:sda"]
        assert pool.stats()["seconds_by_collector"]["disk"] > 0
        with pytest.raises(ProbeFailed, match="no collector"):
            await pool.targets("../disk")


@in_loop
async def test_a_job_that_hangs_delays_no_other(locked: Locked) -> None:
    async with odd_pool(workers=2) as pool:
        hanging = [
            asyncio.create_task(pool.call("hang", locked.argument, f"hang/{n}", LONG))
            for n in range(4)
        ]
        # Twice as many hang as there are workers, and jobs are done all the same
        pids = [await pool.call("pid", {}, f"pid/{n}", LONG) for n in range(10)]
        assert len(set(pids)) < 10, "workers are used again"
        assert not any(task.done() for task in hanging)
        await until(lambda: len(locked.waiting()) == 4)
        locked.release()
        await asyncio.gather(*hanging)


@in_loop
async def test_a_pool_that_nobody_asks_has_no_process() -> None:
    others = children(os.getpid())
    async with odd_pool() as pool:
        assert children(os.getpid()) == others
        await pool.call("pid", {}, "pid", LONG)
        assert len(children(os.getpid())) == len(others) + 1


@in_loop
async def test_quick_jobs_share_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "PATIENCE", LONG)
    monkeypatch.setattr(pools, "PROMPT", LONG)
    async with odd_pool() as pool:
        jobs = (pool.call("pid", {}, f"pid/{n}", LONG) for n in range(20))
        assert len(set(await asyncio.gather(*jobs))) == 1


@in_loop
async def test_a_worker_that_nobody_needs_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "IDLE", 0.1)
    async with odd_pool() as pool:
        worker = await pool.call("pid", {}, "pid", LONG)
        await until(lambda: not running(worker))
        await until(lambda: pool.stats()["workers"] == 0)
        assert await pool.call("pid", {}, "pid", LONG) != worker


@in_loop
async def test_an_overrun_is_told_and_its_worker_replaced(locked: Locked) -> None:
    async with odd_pool(workers=1) as pool:
        before = await pool.call("pid", {}, "pid", LONG)
        with pytest.raises(ProbeStuck, match=r"within 0\.2 s"):
            await pool.call("hang", locked.argument, "hang", 0.2)
        await until(lambda: not running(before))
        assert await pool.call("pid", {}, "pid", LONG) != before
        await until(lambda: pool.stats()["stuck"] == 0)
        stats = pool.stats()
        assert (stats["abandoned"], stats["restarts"], stats["workers"]) == (1, 0, 1)
        with pytest.raises(ProbeStuck):
            await pool.call("hang", locked.argument, "hang", 0.2)


@in_loop
async def test_two_jobs_of_one_key_come_one_after_the_other(locked: Locked) -> None:
    async with odd_pool() as pool:
        first = asyncio.create_task(pool.call("hang", locked.argument, "key", LONG))
        await until(locked.waiting)
        second = asyncio.create_task(pool.call("pid", {}, "key", LONG))
        await pool.call("pid", {}, "other", LONG)
        assert not second.done()
        locked.release()
        await first
        assert await second > 0


@in_loop
async def test_a_command_that_a_killed_worker_ran_is_killed_too(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with odd_pool() as pool:
        job = asyncio.create_task(pool.call("command", {"note": str(note)}, "command", LONG))
        await until(lambda: note.exists() and note.read_text())
        child = int(note.read_text())
        job.cancel()
        await asyncio.wait([job])
        await until(lambda: not running(child))
        await until(lambda: pool.stats()["stuck"] == 0)


@in_loop
async def test_a_worker_that_dies_fails_its_job_only() -> None:
    async with odd_pool(workers=1) as pool:
        with pytest.raises(ProbeFailed, match="ended without an answer"):
            await pool.call("crash", {}, "crash", LONG)
        assert await pool.call("pid", {}, "pid", LONG) > 0
        with pytest.raises(ProbeFailed, match="unknown: 'no such job'"):
            await pool.call("no such job", {}, "x", LONG)
        with pytest.raises(ProbeFailed, match="unknown: 'md_add'"):
            await pool.call("md_add", {}, "x", LONG)


@in_loop
async def test_a_nursery_that_is_killed_is_replaced(locked: Locked) -> None:
    async with odd_pool() as pool:
        before = await pool.call("pid", {}, "pid", LONG)
        hanging = asyncio.create_task(pool.call("hang", locked.argument, "hang", LONG))
        await until(locked.waiting)
        os.kill(_parent(before), signal.SIGKILL)
        with pytest.raises(ProbeFailed, match="ended without an answer"):
            await hanging
        await until(lambda: not running(before))
        assert await pool.collect("md", "", LONG) == []
        assert await pool.call("pid", {}, "pid", LONG) != before
        assert pool.stats()["restarts"] == 1


@in_loop
async def test_a_look_survives_the_end_of_its_nursery(tmp_path: Path) -> None:
    async with odd_pool(root=str(tmp_path)) as pool:
        worker = await pool.call("pid", {}, "pid", LONG)
        os.kill(_parent(worker), signal.SIGKILL)
        assert await pool.collect("disk", "", LONG) == []


@in_loop
async def test_a_nursery_that_cannot_start_is_said_and_tried_again(tmp_path: Path) -> None:
    pool = Pool("poller", nursery=[str(tmp_path / "nothing")])
    await pool.start()
    with pytest.raises(ProbeFailed, match=r"no worker within 0\.5 s: .*No such file"):
        await pool.call("targets", {"collector": "md"}, "x", 0.5)
    assert pool.stats()["restarts"] >= 1
    await pool.close()
    with pytest.raises(ProbeFailed, match="closed"):
        await pool.targets("md")


@in_loop
async def test_large_answers_come_whole_and_the_nursery_has_one_thread() -> None:
    async with odd_pool() as pool:
        assert await pool.call("large", {"size": 3_000_000}, "x", LONG) == "x" * 3_000_000
        assert await pool.call("threads", {}, "x", LONG) == 1


@pytest.mark.root
@in_loop
async def test_a_poller_gives_up_root() -> None:
    async with odd_pool(user="nobody") as pool:
        assert await pool.call("user", {}, "x", LONG) == 65534


@in_loop
async def test_close_ends_everything() -> None:
    async with odd_pool() as pool:
        worker = await pool.call("pid", {}, "x", LONG)
        parent = _parent(worker)
    await until(lambda: not running(worker) and not running(parent))


AGENT = """
import asyncio, sys
from hwagent.helper import Pool
async def main():
    pool = Pool("poller", nursery=sys.argv[1:3])
    await pool.start()
    print(await pool.call("pid", {}, "x", 60), flush=True)
    job = pool.call("hang", {"locked": sys.argv[3]}, "y", 600)
    await asyncio.gather(job, pool.call("pid", {}, "x", 60))
asyncio.run(main())
"""


def test_workers_end_with_an_agent_that_is_killed(locked: Locked) -> None:
    argv = [sys.executable, "-c", AGENT, *NURSERY, locked.argument["locked"]]
    agent = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert agent.stdout is not None
    worker = int(agent.stdout.readline())
    nursery = _parent(worker)
    wait_for(locked.waiting, what="a hanging worker")
    workers = children(nursery)
    assert worker in workers
    agent.kill()
    agent.wait()
    agent.stdout.close()
    wait_for(lambda: not any(map(running, (nursery, *workers))), what="the end of all")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
