"""The bounds of a rebuild's speed."""

import pytest

from hwagent.model import Result
from hwagent.respond import Run
from tests.respond.actions.host import mirror


def test_by_default_a_rebuild_gets_at_least_50_mib_a_second(tmp_path):
    step = mirror(tmp_path).ask("array_rebuild_speed", "array:md0")
    assert isinstance(step, Run)
    assert [str(v) for v in step.verbs] == [
        "md_sync_speed(array=md0, minimum_kib=51200, maximum_kib=0)"
    ]


def test_what_was_asked_is_written_and_verified(tmp_path):
    host = mirror(tmp_path)
    host.server.advance = lambda seconds: None  # the simulated kernel would write its own back
    outcome = host.do("array_rebuild_speed", "array:md0", minimum_kib=100, maximum_kib=200)
    assert outcome.result is Result.DONE
    tree = host.server.tree
    assert tree.read("sys/block/md0/md/sync_speed_min") == "100"
    assert tree.read("sys/block/md0/md/sync_speed_max") == "200"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"minimum_kib": 300, "maximum_kib": 200}, "a minimum of 300 is more than 200"),
        ({"minimum_kib": -1}, ">= 0"),
        ({"minimum_kib": "fast"}, "int"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(tmp_path, arguments, reason):
    why = mirror(tmp_path).refusal("array_rebuild_speed", "array:md0", **arguments)
    assert reason in why
