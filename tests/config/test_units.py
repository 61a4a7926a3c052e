"""Quantities with units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.config import duration, size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("1h30m", 5400), ("7d", 604800), ("1.5h", 5400)],
)
def test_durations(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "5x", "-5s", "1h 30m", "h1"])
def test_wrong_durations_are_refused(text):
    with pytest.raises(ValueError, match="units are"):
        duration(text)


@pytest.mark.parametrize(("text", "count"), [("64MiB", 2**26), ("1GB", 10**9), ("512B", 512)])
def test_sizes(text, count):
    assert size(text) == count


@given(st.integers(0, 10**6), st.sampled_from(["s", "m", "h", "d", "w"]))
def test_a_duration_grows_with_its_number(number, unit):
    assert duration(f"{number + 1}{unit}") > duration(f"{number}{unit}")
