"""What a look costs in a worker and in the agent's own process, and what the workers weigh.

Processor time is that of all processes involved; PSS counts a shared page in equal parts.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import psutil

from hwagent.collect.registry import collectors
from hwagent.collect.root import Root
from hwagent.helper import Pool

LOOKS = 300
WORKERS = 8


def tree(path: Path) -> None:
    """A host with two arrays of two members, and twelve disks."""
    for number in range(12):
        name = f"sd{chr(97 + number)}"
        for file, text in {"size": "7814037168", "removable": "0", "ro": "0"}.items():
            write(path / f"sys/block/{name}/{file}", text)
        write(path / f"sys/block/{name}/device/state", "running")
    for number in range(2):
        md = path / f"sys/block/md{number}/md"
        about = {"array_state": "clean", "level": "raid1", "raid_disks": "2", "degraded": "0",
                 "metadata_version": "1.2", "sync_action": "idle"}  # fmt: skip
        for file, text in about.items():
            write(md / file, text)
        for slot in range(2):
            write(md / f"dev-sd{chr(97 + 2 * number + slot)}1/state", "in_sync")
            write(md / f"dev-sd{chr(97 + 2 * number + slot)}1/slot", str(slot))


def write(place: Path, text: str) -> None:
    """Writes a file with its directories."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"{text}\n")


def spent(processes: list[psutil.Process]) -> float:
    """Seconds of processor time, from the scheduler's own count in nanoseconds."""
    return (
        sum(int(Path(f"/proc/{p.pid}/schedstat").read_text().split()[0]) for p in processes) / 1e9
    )


def own(root: Root, name: str) -> float:
    """Milliseconds of processor time for a look in this process."""
    collector = next(c for c in collectors() if c.name == name)
    collector.collect(root, "")
    began = time.process_time()
    for _ in range(LOOKS):
        collector.collect(root, "")
    return (time.process_time() - began) / LOOKS * 1000


async def by_worker(pool: Pool, name: str) -> tuple[float, float]:
    """Milliseconds of processor time, and of waiting, for a look in a worker."""
    await pool.collect(name, "", 30)
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    before, began = spent(family), time.perf_counter()
    for _ in range(LOOKS):
        await pool.collect(name, "", 30)
    waited = time.perf_counter() - began
    return (spent(family) - before) / LOOKS * 1000, waited / LOOKS * 1000


def pss(process: psutil.Process) -> float:
    """Proportional set size in MiB."""
    return float(process.memory_full_info().pss) / 2**20


async def measure(path: Path) -> None:
    """Prints all figures."""
    pool = Pool("poller", root=str(path), workers=WORKERS)
    await pool.start()
    print(f"{'look':12}{'own ms':>10}{'worker ms':>12}{'wall ms':>10}")
    for name in ("md", "disk", "bond", "nic"):
        cost, wall = await by_worker(pool, name)
        print(f"{name:12}{own(Root(path), name):10.2f}{cost:12.2f}{wall:10.2f}")
    kinds = [c.name for c in collectors()]
    for _ in range(5):
        looks = (pool.collect(n, "", 30) for n in kinds)
        await asyncio.gather(*looks, return_exceptions=True)
    nursery, *_ = psutil.Process().children()
    weights = [pss(p) for p in nursery.children()]
    print(f"nursery: {pss(nursery):.1f} MiB PSS, alone {nursery.memory_info().rss / 2**20:.1f} RSS")
    each = sum(weights) / len(weights)
    print(f"{len(weights)} workers: {sum(weights):.1f} MiB PSS, {each:.1f} each")
    began = time.perf_counter()
    await pool.close()
    print(f"closed in {(time.perf_counter() - began) * 1000:.0f} ms")


def main() -> None:
    """Runs the benchmark on a simulated tree."""
    with tempfile.TemporaryDirectory() as directory:
        tree(Path(directory))
        asyncio.run(measure(Path(directory)))


if __name__ == "__main__":
    main()
