"""Events to many readers."""

import asyncio

from hwagent.daemon.bus import BACKLOG, Bus


def test_readers_get_events_in_order_and_kept_ones_on_request():
    async def story():
        bus = Bus()
        bus.publish(1, "alert", "a", 1)
        bus.publish(2, "alert", "b", 2)
        late = bus.subscribe(after=1)
        fresh = bus.subscribe()
        bus.publish(3, "alert", "c", 3)
        late.close()
        fresh.close()
        return [e.data for e in late._events], [e.data for e in fresh._events]

    assert asyncio.run(story()) == ([2, 3], [3])


def test_a_slow_reader_loses_the_oldest_and_delays_nobody():
    async def story():
        bus = Bus()
        slow = bus.subscribe()
        for number in range(BACKLOG + 10):
            bus.publish(0, "x", "", number)
        return (await anext(aiter(slow))).data

    assert asyncio.run(story()) == 10
