"""When the holder turns: how long it may sleep, and until when it has nothing to do but to look at
the carrier. Pure."""

import math

from .stalls import Stalls

#: Seconds between two looks at the carrier of the interfaces in the plan, while the kernel may hold
#: the event of a lost link back: for a second after the last one (net/core/link_watch.c).
POLL = 0.02
#: Seconds between two looks while it would tell at once, unless a driver is in the way of that:
#: each costs some 0.1 ms of processor time on a slow core, most of it for waking up.
CALM = 0.1
#: Seconds after an event of any link in which the next one may be held back, and some.
HELD_BACK = 1.5
#: Seconds between two turns if there is nothing to hold.
IDLE = 0.5
#: A turn sleeps so long after some that did not, for others at lower priority and RLIMIT_RTTIME.
SHORTEST = 0.001
_HASTY = 16


class Pace:
    """One holder's, in seconds of CLOCK_BOOTTIME; without ``events`` of links it looks often.

    ``idle``: nothing is held, so that no long turn counts as a stall.
    """

    def __init__(self, now: float, events: bool) -> None:
        self.stalls = Stalls(now)
        self.idle = True
        self._soon = self._busy_at = -math.inf
        self._alert_until = now + HELD_BACK if events else math.inf
        self._hasty = 0

    def pause(self, now: float, watches: bool) -> float:
        """Seconds to sleep; whole milliseconds, for epoll_wait(2) knows no others."""
        look = POLL if now < self._alert_until else CALM
        pause = min(look if watches else IDLE, self._soon - now)
        return math.ceil(max(pause, SHORTEST) * 1000) / 1000

    def quiet(self, now: float) -> bool:
        """Whether nothing is due: only the carrier may have changed."""
        return now < self._busy_at

    def alert(self, now: float) -> None:
        """A link was told of: the next event may be late."""
        self._alert_until = max(self._alert_until, now + HELD_BACK)

    def ahead(self, soon: float, chores: float) -> None:
        """Takes when the next turn is: to be in time for ``soon`` it wakes up, not for chores."""
        self._soon, self._busy_at = soon, min(soon, chores)

    def turned(self, asleep: float, late: float, awake: float, done: float) -> bool:
        """Notes a turn; true if a sleep is due after many that had none: no flood of events or
        requests keeps us from it."""
        self.stalls.note(done, late if self.idle else max(late, done - awake))
        self.idle = False
        self._hasty = self._hasty + 1 if awake - asleep < SHORTEST else 0
        return self._hasty > _HASTY
