"""Orders for the whole fleet: the newest wins everywhere, and what was taken back stays so."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.cluster.decrees import DECREES_MAX, FORGET, Decree, Decrees
from hwagent.cluster.report import Report, decrees, read, values
from hwagent.cluster.status import Board

NOW = 1_700_000_000.0
VIP = "10.0.0.10"


def pinned(book: Decrees, now: float = NOW) -> str:
    pin = book.pins(now).get(VIP)
    return pin.value if pin else ""


def test_an_order_holds_until_its_end_or_until_it_is_taken_back():
    book = Decrees()
    book.order(NOW, f"pin:{VIP}", "h2", "h1", until=NOW + 60)
    assert pinned(book, NOW + 59) == "h2"
    assert pinned(book, NOW + 60) == ""
    book.order(NOW + 61, f"pin:{VIP}", "h3", "h1")
    assert pinned(book, NOW + 1e9) == "h3"
    book.order(NOW + 62, f"pin:{VIP}", "", "h1")
    assert pinned(book, NOW + 63) == ""


orders = st.builds(
    Decree,
    subject=st.sampled_from(["pin:a", "pin:b"]),
    value=st.sampled_from(["", "h1", "h2"]),
    version=st.integers(1, 4),
    author=st.sampled_from(["h1", "h2", "h3"]),
    given=st.just(NOW),
)


@given(st.lists(orders, max_size=12), st.randoms())
def test_all_hosts_come_to_the_same_whoever_told_them_and_in_which_order(said, rng):
    one, other = Decrees(), Decrees()
    one.merge(NOW, said)
    rng.shuffle(said)
    for decree in said:
        other.merge(NOW, [decree])
    assert one.pins(NOW).keys() == other.pins(NOW).keys()
    assert {d.subject: (d.version, d.author, d.value) for d in one.all()} == {
        d.subject: (d.version, d.author, d.value) for d in other.all()
    }
    assert not one.merge(NOW, other.all()), "and then there is no news"


def test_a_host_that_was_away_does_not_bring_back_what_was_taken_back():
    here, away = Decrees(), Decrees()
    here.order(NOW, f"pin:{VIP}", "h2", "h1")
    away.merge(NOW, here.all())
    here.order(NOW + 1, f"pin:{VIP}", "", "h1")
    assert not here.merge(NOW + 5, away.all())
    assert away.merge(NOW + 5, here.all())
    assert pinned(here) == pinned(away) == ""


def test_orders_outlive_the_agent_and_what_is_long_over_is_forgotten():
    book, again = Decrees(), Decrees()
    book.order(NOW, f"pin:{VIP}", "h2", "h1", until=NOW + 60)
    again.restore(msgspec.json.decode(msgspec.json.encode(book.to_list())))
    assert pinned(again) == "h2"
    later = NOW + 60 + FORGET + 1
    again.order(later, "pin:other", "h1", "h1")
    assert [d.subject for d in again.all()] == ["pin:other"]
    assert not again.merge(later, book.all()), "nor is it learned anew"
    with pytest.raises(msgspec.ValidationError):
        again.restore([{"subject": 3}])


def test_there_is_a_bound_and_it_is_told():
    book = Decrees()
    for number in range(DECREES_MAX):
        book.order(NOW, f"pin:{number}", "h", "h")
    with pytest.raises(ValueError, match="take some back"):
        book.order(NOW, "pin:more", "h", "h")
    assert not book.merge(NOW, [Decree("pin:more", "h", 9, "h", NOW)])


def test_orders_go_by_gossip_and_what_is_none_is_left_out():
    book = Decrees()
    book.order(NOW, f"pin:{VIP}", "h" * 128, "a" * 128, until=NOW + 7200)
    told = values(Report(decrees=book.all()))
    Board("h", 1, 0, own=True).write(told)
    assert decrees(told) == read(told).decrees == book.all()
    assert decrees({"decree:x": "[1]", "decree:y": 3, "decree:z": '{"subject":"z"}'}) == []
