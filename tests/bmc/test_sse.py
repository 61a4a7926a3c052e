"""Streams of server-sent events: the examples of WHATWG HTML 9.2.6, any cut of them, and bounds."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.sse import EVENT_MAX, LINE_MAX, EventStream, Message

#: Bytes that matter to the format, and some that do not.
STREAMS = st.lists(
    st.sampled_from(
        [b"data", b"event", b"id", b"retry", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"1",
         b"x", b"\xc3\xa4", b"\xff", b"\xef\xbb\xbf", b"\0"]
    ),
    max_size=40,
).map(b"".join)  # fmt: skip


def data(stream: bytes) -> list[str]:
    return [message.data for message in EventStream().feed(stream)]


def test_examples_of_the_standard() -> None:
    assert data(b"data: YHOO\ndata: +2\ndata: 10\n\n") == ["YHOO\n+2\n10"]
    four = (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event"
    )
    assert data(four) == ["first event", "second event"], "the third one is not complete"
    assert data(b"data\n\ndata\ndata\n\ndata:") == ["", "\n"]
    assert data(b"data:test\n\ndata: test\n\n") == ["test", "test"]


def test_a_name_a_mark_at_the_beginning_and_a_time_to_wait() -> None:
    stream = EventStream()
    found = stream.feed(b"\xef\xbb\xbfevent: alert\r\ndata: 1\r\nretry: 1500\r\n\r\ndata: 2\r\r")
    assert found == [Message("alert", "1"), Message("message", "2")]
    assert stream.retry == 1.5
    stream.feed(b"retry: soon\n\nretry: -1\n\n")
    assert stream.retry == 1.5


@given(STREAMS, st.data())
def test_it_does_not_matter_how_the_bytes_arrive(stream: bytes, choice: st.DataObject) -> None:
    places = choice.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    parts = EventStream()
    cuts = [0, *places, len(stream)]
    found = [m for a, b in pairwise(cuts) for m in parts.feed(stream[a:b])]
    assert found == EventStream().feed(stream) == as_the_standard_says(stream)


def as_the_standard_says(stream: bytes) -> list[Message]:
    """The standard's steps, word for word, for a whole stream."""
    text = stream.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    lines = re.split(r"\r\n|\r|\n", text)[:-1]
    found, data, type = [], "", ""
    for line in lines:
        if not line:
            if data:
                found.append(Message(type or "message", data.removesuffix("\n")))
            data = type = ""
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data += value + "\n"
            elif name == "event":
                type = value
    return found


def test_a_line_that_is_too_long_costs_its_event_and_no_other() -> None:
    stream = EventStream()
    assert stream.feed(b"data: " + b"x" * LINE_MAX) == []
    assert stream.feed(b"x" * LINE_MAX) == []
    assert stream.feed(b"\n\ndata: 1\n\n") == [
        Message("message", "", cut=True),
        Message("message", "1"),
    ]
    assert stream.feed(b":" + b"x" * 2 * LINE_MAX + b"\ndata: 2\n\n") == [Message("message", "2")]


def test_an_event_without_an_end_takes_no_more_room() -> None:
    stream = EventStream()
    line = b"data: " + b"x" * 1000 + b"\n"
    for _ in range(3 * EVENT_MAX // len(line)):
        assert stream.feed(line) == []
        assert sum(map(len, stream._data)) <= EVENT_MAX
    assert stream.feed(b"\n") == [Message("message", "", cut=True)]


@given(st.binary(max_size=300))
def test_nothing_breaks_it(stream: bytes) -> None:
    EventStream().feed(stream)
