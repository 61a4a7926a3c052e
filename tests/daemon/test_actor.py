"""Doing what was decided: the intent first, then the verbs, and an honest word about them."""

import pytest

from hwagent.daemon.actor import Actor
from hwagent.helper import ProbeBusy, ProbeFailed, ProbeStuck, VerbResult
from hwagent.model import Action, Result
from hwagent.respond import Run, Verb
from tests.loop import in_loop

ACTION = Action(id="1", name="array_add_spare", component="array:md0", cause="by hand")
STEP = Run(ACTION, (Verb("md_sync_action"), Verb("md_add", {"device": "sdc"})), 5.0)


class Both:
    """Journal and helper in one, so that the order shows; ``answers`` are those of the verbs."""

    def __init__(self, *answers, disk=True):
        self.answers, self.disk = list(answers), disk
        self.seen, self.said = [], []

    async def commit(self, record, deadline):
        self.seen.append((record.type, record.data["id"], len(record.data["verbs"])))
        return self.disk

    async def verb(self, name, arguments, deadline):
        self.seen.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def outcome(self):
        return await Actor(self, self, lambda: 7.0, self.said.append).perform(STEP)


OK = VerbResult(True)


@in_loop
async def test_the_intent_is_in_the_journal_before_anything_is_done():
    both = Both(OK, OK)
    outcome = await both.outcome()
    assert both.seen == [("intent", "1", 2), "md_sync_action", "md_add"]
    assert outcome.result is Result.DONE
    assert any("begins, because of by hand" in line for line in both.said)


@in_loop
async def test_a_broken_disk_does_not_keep_an_array_from_being_repaired_and_is_told():
    both = Both(OK, OK, disk=False)
    assert (await both.outcome()).result is Result.DONE
    assert "is not in the journal" in both.said[0]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (VerbResult(False, "sdc is not blank"), Result.FAILED),
        (ProbeBusy("an earlier one hangs"), Result.FAILED),
        (ProbeStuck("no answer within 5 s"), Result.UNCERTAIN),
        (ProbeFailed("its worker ended without an answer"), Result.UNCERTAIN),
    ],
)
def test_a_verb_that_does_not_go_well_ends_the_action(answer, result):
    @in_loop
    async def act():
        both = Both(answer)
        outcome = await both.outcome()
        assert outcome.result is result
        assert outcome.detail == f"md_sync_action: {getattr(answer, 'detail', answer)}"
        assert "md_add" not in both.seen

    act()
