"""What the holder says of voters and clocks is counted, so that it can be an alert."""

from hwagent.daemon.alarms import Alarms


def test_a_cloned_voter_and_a_clock_that_stood_still_are_counted() -> None:
    alarms = Alarms()
    before = alarms.sample()
    assert set(before.metrics.values()) == {0}
    assert alarms.happened("cloned", "two hosts answer as voter h2")
    assert alarms.happened("clock", "this host's clock stood still")
    assert not alarms.happened("held", "")
    after = alarms.sample()
    assert after.metrics == {"clones": 1, "clock_stops": 1}
    assert after.attributes == {"cloned": "two hosts answer as voter h2"}
