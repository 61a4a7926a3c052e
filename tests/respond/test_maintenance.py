"""Maintenance lasts as long as was said, over restarts too."""

import pytest

from hwagent.respond.maintenance import Maintenance
from tests.respond.making import NOW


def test_it_is_off_until_it_is_switched_on_and_off_again():
    room = Maintenance()
    assert room.reason(NOW) == ""
    room.on("new fan")
    assert room.reason(NOW + 10**9) == "new fan"
    assert room.next_due() is None
    room.off()
    assert room.reason(NOW) == ""


def test_it_ends_by_itself_and_leaves_no_time_behind():
    room = Maintenance()
    room.on("", NOW + 60)
    assert room.next_due() == NOW + 60
    assert room.reason(NOW + 59) == "by hand"
    assert room.reason(NOW + 60) == ""
    assert room.next_due() is None


def test_it_outlives_the_agent():
    room = Maintenance()
    room.on("new fan", NOW + 60)
    again = Maintenance.from_dict(room.to_dict())
    assert again.reason(NOW) == "new fan"
    assert again.next_due() == NOW + 60


@pytest.mark.parametrize("data", [{}, {"reason": 7}, {"reason": "x", "until": "soon"}])
def test_what_is_not_understood_is_no_maintenance(data):
    assert Maintenance.from_dict(data).reason(NOW) == ""
