"""One look at this host without a daemon: in workers, since a file of a live host can hang."""

import asyncio
import time

from hwagent.collect.base import Collector
from hwagent.config import Config
from hwagent.helper import Pool, ProbeBusy, ProbeFailed, ProbeStuck
from hwagent.rules import RuleSet

from .judge import Judge
from .loading import enabled
from .oneshot import Look, conclude
from .probe import probe_sample


def look_live(config: Config, rules: RuleSet) -> Look:
    """Reads everything of this host once."""
    return asyncio.run(_look(config, Judge(rules, impatient=True, ignored=config.ignore)))


async def _look(config: Config, judge: Judge) -> Look:
    pool = Pool(role="both", root="/")
    await pool.start()
    now = time.time()
    try:
        async with asyncio.TaskGroup() as tasks:
            for collector in enabled(config):
                if not collector.slow:
                    tasks.create_task(_with_targets(pool, judge, now, collector))
    finally:
        await pool.close()
    return conclude(judge, now)


async def _with_targets(pool: Pool, judge: Judge, now: float, collector: Collector) -> None:
    try:
        targets = await pool.targets(collector.name)
    except (ProbeStuck, ProbeBusy, ProbeFailed) as e:
        _note(judge, now, collector.name, "", e)
        return
    async with asyncio.TaskGroup() as tasks:
        for target in targets:
            tasks.create_task(_one(pool, judge, now, collector, target))


async def _one(pool: Pool, judge: Judge, now: float, collector: Collector, target: str) -> None:
    try:
        samples = await pool.collect(collector.name, target, collector.deadline)
    except (ProbeStuck, ProbeBusy, ProbeFailed) as e:
        _note(judge, now, collector.name, target, e)
    else:
        judge.found(now, (collector.name, target), collector.understand(samples))


def _note(judge: Judge, now: float, collector: str, target: str, e: Exception) -> None:
    stuck, failed = ("", str(e)) if isinstance(e, ProbeFailed) else (str(e), "")
    sample = probe_sample(collector, target, stuck=stuck, failed=failed)
    judge.found(now, ("probe", f"{collector}/{target}"), [sample])
