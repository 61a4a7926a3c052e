"""Who tells of a cause."""

import pytest

from hwagent.topology.cause import Cause, Firing
from hwagent.topology.graph import Graph, Node, need
from hwagent.topology.telling import Teller, concerns_others, may_follow, stories


def cause(component: str, *hosts: str, judged: str = "") -> Cause:
    alerts = tuple(
        Firing(host=h, component=component, rule="R", severity="critical") for h in hosts
    )
    return Cause(component=component, alerts=alerts, judged=judged)


@pytest.mark.parametrize(
    ("of", "tellers", "expected"),
    [
        # the host that it is of, though others have lower names
        (cause("nic:h2/eno1", "h2"), [Teller("h1"), Teller("h2")], "h2"),
        # else who has an alert on it
        (cause("switch:sw1", "h3", "h2"), [Teller("h1"), Teller("h2"), Teller("h3")], "h2"),
        # else the lowest
        (cause("switch:sw1", judged="x"), [Teller("h2"), Teller("h1")], "h1"),
        (cause("nic:h9/eno1", "h9"), [Teller("h2"), Teller("h1")], "h1"),
        # who says that he tells goes on
        (cause("switch:sw1", judged="x"), [Teller("h1"), Teller("h2", {"switch:sw1"})], "h2"),
        (
            cause("switch:sw1", judged="x"),
            [Teller("h3", {"switch:sw1"}), Teller("h2", {"switch:sw1"})],
            "h2",
        ),
        # but not while he reaches nobody
        (
            cause("switch:sw1", judged="x"),
            [Teller("h1", {"switch:sw1"}, False), Teller("h2")],
            "h2",
        ),
        (cause("switch:sw1", judged="x"), [Teller("h1", able=False)], "h1"),
        # of what is its own a host goes on trying
        (cause("nic:h1/eno1", "h1"), [Teller("h1", able=False), Teller("h2")], "h1"),
    ],
)
def test_who_tells(of: Cause, tellers: list[Teller], expected: str) -> None:
    for me in (t.name for t in tellers):
        (story,) = stories([of], tellers, me)
        assert story.teller == expected
        said = any(t.name == expected and t.able and of.component in t.tells for t in tellers)
        assert story.sure == (said or me == expected)


def test_others_are_told_only_of_what_concerns_them() -> None:
    own = stories([cause("nic:h1/eno1", "h1")], [Teller("h1")], "h1")
    shared = stories([cause("switch:sw1", "h1", "h2")], [Teller("h1")], "h1")
    judged = stories([cause("switch:sw1", judged="x")], [Teller("h1")], "h1")
    assert [concerns_others(s, "h1") for s in (*own, *shared, *judged)] == [False, True, True]


def test_what_could_still_be_known_of_an_alert() -> None:
    graph = Graph(
        [
            Node(id="bond:h1/bond0", needs=(need(1, ["nic:h1/eno1"]),)),
            Node(id="array:h1/md0", needs=(need(1, ["disk:h1/sda"]),)),
            Node(id="nic:h1/eno1", needs=(need(1, ["switch:sw1"]),)),
        ]
    )
    assert may_follow(graph, "nic:h1/eno1", "h1", critical=True), "from its switch"
    assert may_follow(graph, "switch:sw1", "h1", critical=True), "others may have it too"
    assert not may_follow(graph, "disk:h1/sda", "h1", critical=True)
    assert may_follow(graph, "disk:h1/sda", "h1", critical=False), "its array may follow"
    assert not may_follow(graph, "fan:h1/1", "h1", critical=False)
