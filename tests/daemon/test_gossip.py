"""What one host tells the fleet has to fit into its status."""

from hwagent.cluster.status import KEYS_MAX, Board
from hwagent.daemon.gossip import fitting


def test_what_others_are_told_of_their_ports_goes_first() -> None:
    far = {f"far:h{n}": "x" for n in range(300)}
    parts = {f"dep:0:{n}": "x" for n in range(600)}
    report = {f"alert:{n}": "x" for n in range(250)}
    told = fitting({**far, **parts}, report)
    assert len(told) == KEYS_MAX
    assert parts.keys() | report.keys() < told.keys()
    Board("h1", 1, 0.0, own=True).write(told)
    assert fitting(parts, report) == {**parts, **report}
