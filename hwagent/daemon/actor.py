"""Does what the planner decided: intent into the journal, verbs to the helper, outcome back."""

import asyncio
from collections.abc import Callable

import msgspec

from hwagent.helper import Pool, ProbeBusy, ProbeFailed, ProbeStuck
from hwagent.journal import Journal, Record
from hwagent.model import Outcome, Result
from hwagent.respond import Run

#: An intent that the journal has not taken by then is logged and done all the same: a broken disk
#: must not keep the agent from repairing an array.
INTENT_DEADLINE = 2.0


class Actor:
    """Runs steps one at a time for each component."""

    def __init__(
        self, helper: Pool, journal: Journal, now: Callable[[], float], log: Callable[[str], None]
    ) -> None:
        self._helper = helper
        self._journal = journal
        self._now = now
        self._log = log

    async def perform(self, step: Run) -> Outcome:
        """Runs the verbs of a step in order, until one fails."""
        started = self._now()
        action = step.action
        data = {**msgspec.to_builtins(action), "verbs": msgspec.to_builtins(step.verbs)}
        record = Record(started, "intent", action.component, action.name, data)
        if not await self._journal.commit(record, INTENT_DEADLINE):
            self._log(f"intent of {action.name} on {action.component} is not in the journal")
        self._log(f"{action.name} on {action.component}: begins, because of {action.cause}")
        result, problem = await self._run_verbs(step)
        self._log(f"{action.name} on {action.component}: {result} {problem}".rstrip())
        return Outcome(
            action=action, result=result, detail=problem, started=started, ended=self._now()
        )

    async def _run_verbs(self, step: Run) -> tuple[Result, str]:
        for verb in step.verbs:
            try:
                answer = await self._helper.verb(verb.name, verb.arguments, step.deadline)
            except ProbeBusy as e:
                return Result.FAILED, f"{verb.name}: {e}"
            except (ProbeStuck, ProbeFailed) as e:
                # Cut off: what was written before, or will be yet, only the host itself can tell
                return Result.UNCERTAIN, f"{verb.name}: {e}"
            except asyncio.CancelledError:
                self._log(f"{verb.name}: interrupted by shutdown")
                raise
            if not answer.ok:
                return Result.FAILED, f"{verb.name}: {answer.detail}"
        return Result.DONE, ""
