"""Letters from agent to agent: they arrive once, from whom they say, or not at all."""

from hwagent.cluster.messages import Endpoint, Letter
from tests.cluster.sim import SealedNet


def letters(node):
    return [(e.member, e.data["subject"], e.data["data"]) for e in node.named("letter")]


def test_a_letter_reaches_the_one_member_it_is_for():
    net = SealedNet(61)
    one, two, three = net.group(3)
    one.act(one.core.tell(net.now, "n1", "limits", b"\x00\xff"))
    net.run(1)
    assert letters(two) == [("n0", "limits", b"\x00\xff")]
    assert letters(three) == []


def test_what_cannot_be_delivered_is_lost_and_counted():
    net = SealedNet(62)
    one, _ = net.group(2)
    one.act(one.core.tell(net.now, "nobody", "limits", b"x"))
    one.act(one.core.tell(net.now, "n1", "limits", bytes(2000)))
    assert one.core.counters()["letters_lost"] == 2


def test_a_letter_from_where_its_sender_does_not_live_is_not_handed_on():
    """A copy of a host that was refused as a member must not vote in its name."""
    net = SealedNet(63)
    one, two = net.group(2)
    from_copy = Endpoint("", "10.9.9.9", 7956)
    two.core.swim._letter(Letter("n0", "limits", b"x"), from_copy)
    two.act(two.core.swim._done(net.now))
    assert letters(two) == []
    assert two.core.counters()["wrong_source"] == 1
    assert one.alive() == {"n0", "n1"}
