"""News for everybody: order, limits, replacement, shares."""

from hypothesis import given
from hypothesis import strategies as st

from hwagent.cluster.broadcast import QUEUE_MAX, Broadcasts, Class
from hwagent.cluster.compound import LENGTH

ROOM = 1352


def test_the_fewest_sent_goes_first():
    news = Broadcasts()
    news.add("a", b"a" * 100)
    news.take(ROOM, 8)
    news.add("b", b"b" * 100)
    assert news.take(110, 8) == [b"b" * 100]
    assert news.take(210, 8)[0] == b"a" * 100, "sent as often and waiting for longer"


def test_something_is_sent_so_often_and_no_more():
    news = Broadcasts()
    news.add("a", b"x" * 10)
    sent = [news.take(ROOM, 4) for _ in range(6)]
    assert [len(s) for s in sent] == [1, 1, 1, 1, 0, 0]


def test_newer_news_about_somebody_replaces_older():
    news = Broadcasts()
    news.add("a", b"suspect a")
    news.take(ROOM, 4)
    news.add("a", b"alive a")
    assert len(news) == 1
    assert news.take(ROOM, 4) == [b"alive a"]


def test_what_does_not_fit_waits_and_lets_smaller_pass():
    news = Broadcasts()
    news.add("big", b"x" * 500)
    news.add("small", b"y" * 50)
    assert news.take(100, 4) == [b"y" * 50]
    assert news.take(600, 4)[0] == b"x" * 500


def test_what_a_member_says_of_itself_goes_first_and_is_never_shed():
    news = Broadcasts()
    news.add("me", b"refuted", Class.OWN)
    for i in range(QUEUE_MAX + 500):
        news.add(f"n{i}", b"x" * 100)
    assert len(news) == QUEUE_MAX + 1
    assert news.shed == 500
    assert news.take(ROOM, 4)[0] == b"refuted"


def test_status_is_not_starved_by_members():
    """memberlist#299: at 1,000 members their traffic left no room for users' messages."""
    news = Broadcasts()
    for i in range(1000):
        news.add(f"n{i}", b"m" * 100)
    news.add("a:1", b"s" * 300, Class.STATUS)
    assert b"s" * 300 in news.take(ROOM, 16)


def test_a_chatty_member_does_not_starve_a_quiet_one():
    """chitchat#119: who changes its status all the time does not take the others' turn."""
    news = Broadcasts()
    news.add("quiet:1", b"q" * 300, Class.STATUS)
    sent = []
    for i in range(50):
        for k in range(5):
            news.add(f"chatty:{i}.{k}", b"c" * 300, Class.STATUS)
        sent += news.take(700, 4)
    assert sent.count(b"q" * 300) >= 1


@given(st.lists(st.integers(1, 700), max_size=60), st.integers(0, 1400))
def test_a_packet_is_never_longer_than_its_room(sizes, room):
    news = Broadcasts()
    for i, size in enumerate(sizes):
        news.add(f"n{i}", b"x" * size, Class(i % 3))
    for _ in range(5):
        assert sum(len(p) + LENGTH for p in news.take(room, 4)) <= room
