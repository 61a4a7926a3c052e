"""Facts: what is worked out of a device once, and not again while it is the same device.

Who a device is takes more files than how it is, and does not change from one look to the next.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from .root import Root

#: Facts are worked out anew after so many seconds all the same: some are there late after a start.
_KEPT = 120.0
T = TypeVar("T")
Read = Callable[[Root, str], T]


def fact(directory: str, *others: str) -> Callable[[Read[T]], Read[T]]:
    """Makes a function of a root and a name remember its value for as long as the directory of
    that name is the same one, and nothing in the other directories comes or goes."""

    def decorate(read: Read[T]) -> Read[T]:
        @wraps(read)
        def remembered(root: Root, name: str) -> T:
            device = root.stamp(f"{directory}/{name}")
            stamp = device, time.monotonic() // _KEPT, *map(root.stamp, others)
            kept = root.facts.get((read, name))
            if kept is None or kept[0] != stamp or device is None:
                kept = root.facts[read, name] = stamp, read(root, name)
            value: T = kept[1]
            return value

        return remembered

    return decorate
