"""The storm brake: when it takes hold, when it lets go."""

from typing import Any

import pytest

from hwagent.config import Duration
from hwagent.config.schema import Storm
from hwagent.daemon.storm import RULE, Brake, weather

NOW = 1_700_000_000.0
RULES = Storm(share=0.3, members=3, window=Duration(300))


def fleet(reporting: int, of: int = 10, ago: float = 10, **how: Any) -> list[dict[str, Any]]:
    """Members, some of which report a critical alert that began so many seconds ago."""
    alert = {"rule": "DiskFailed", "severity": "critical", "since": NOW - ago, "inhibited_by": ""}
    return [
        {"name": f"h{n}", "status": "alive", "alerts": [{**alert, **how}] if n < reporting else []}
        for n in range(of)
    ]


@pytest.mark.parametrize(
    ("reporting", "of", "stormy"),
    [(2, 2, False), (3, 3, True), (2, 5, False), (3, 10, True), (3, 11, False), (4, 11, True),
     (0, 0, False)],
)  # fmt: skip
def test_a_share_and_a_number_of_hosts_make_a_storm(reporting, of, stormy):
    assert weather(NOW, RULES, fleet(reporting, of), 0).stormy(RULES) is stormy


@pytest.mark.parametrize(
    "how",
    [{"severity": "warning"}, {"inhibited_by": "SwitchDown"}, {"rule": RULE}, {"since": NOW - 301}],
)
def test_what_is_no_new_critical_trouble_of_a_host_does_not_count(how):
    assert weather(NOW, RULES, fleet(10, 10, **how), 0).hosts == ()


def test_hosts_that_are_gone_are_not_heard_and_not_counted():
    rows = [{**row, "status": "failed"} for row in fleet(5, 5)] + fleet(1, 5)
    assert weather(NOW, RULES, rows, 0).of == 5
    assert len(weather(NOW, RULES, rows, 0).hosts) == 1


def test_it_holds_until_none_was_seen_for_the_window():
    brake = Brake()
    assert "3 of 10 hosts: h0, h1, h2" in brake.look(NOW, RULES, fleet(3), 0)
    assert brake.finding().metrics["storm"] == 1
    assert brake.look(NOW + 299, RULES, fleet(0), 0), "alerts that end do not end it at once"
    assert not brake.look(NOW + 300, RULES, fleet(0), 0)
    assert brake.finding().metrics["storm"] == 0


def test_an_operator_ends_it_and_what_is_new_after_that_begins_another():
    brake = Brake()
    assert brake.look(NOW, RULES, fleet(4), 0)
    assert not brake.look(NOW + 5, RULES, fleet(4), NOW + 4)
    assert not brake.look(NOW + 50, RULES, fleet(4), NOW + 4)
    assert brake.look(NOW + 60, RULES, fleet(3, since=NOW + 55), NOW + 4)


def test_share_zero_turns_it_off():
    assert not Brake().look(NOW, Storm(share=0), fleet(10), 0)
