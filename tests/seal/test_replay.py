"""Each counter of a session counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.seal import replay
from hwagent.seal.replay import WINDOW, Full, Window, Windows


@given(st.lists(st.integers(0, 3000), max_size=200))
def test_no_counter_is_taken_twice_and_none_in_the_window_is_lost(counters):
    window, taken, highest = Window(), set(), -1
    for counter in counters:
        expected = counter not in taken and counter > highest - WINDOW
        assert window.take(counter) == expected
        taken.add(counter)
        highest = max(highest, counter)


def test_windows_are_never_forgotten_silently():
    windows = Windows()
    for session in range(replay.SESSIONS_MAX):
        assert windows.take(session, 1)
    with pytest.raises(Full):
        windows.take(10**9, 1)
    assert not windows.take(0, 1)
