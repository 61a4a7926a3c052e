"""Running tests that are coroutines."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

P = ParamSpec("P")
#: How long a loaded machine may take for anything.
LONG = 60.0


def in_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Runs a test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def until(condition: Callable[[], object], what: str = "condition") -> None:
    """Waits until a condition is true; fails the test after LONG seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONG
    while not condition():
        assert loop.time() < end, f"{what} not met within {LONG:g} s"
        await asyncio.sleep(0.01)
