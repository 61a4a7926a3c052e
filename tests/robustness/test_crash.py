"""Agent, helper and holder are killed at random moments while the agent repairs things.

``make crash RUNS=200`` does it 200 times; SEED gives the same order of troubles and victims again.
"""

import os
import random
from collections import Counter

import pytest

from tests.robustness.crash import ARRAYS, BONDS, Crash
from tests.vip.lab import lab

__all__ = ["lab"]
RUNS = int(os.environ.get("HWAGENT_CRASHES", "6"))
SEED = int(os.environ.get("HWAGENT_SEED", "1"))
_AT_ONCE = ARRAYS + BONDS
_COUNTS = [min(_AT_ONCE, RUNS - done) for done in range(0, RUNS, _AT_ONCE)]


@pytest.mark.root
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("number", "count"), list(enumerate(_COUNTS)))
def test_kernel_and_journal_agree_whatever_is_killed(tmp_path, lab, capsys, number, count):
    crash = Crash(tmp_path, lab, random.Random(f"{SEED}/{number}"))
    killed = crash.run(count)
    actions: Counter[str] = crash.check()
    assert actions.total() - actions["cut off"] >= count
    with capsys.disabled():
        print(f"{number}: killed {dict(killed)} during {dict(actions)}")
