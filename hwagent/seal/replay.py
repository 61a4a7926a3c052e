"""Each packet counts once: a window over the counters of each sender's session (RFC 6479)."""

#: Packets that may overtake each other.
WINDOW = 1024
#: Sessions that are kept track of at the same time.
SESSIONS_MAX = 16384


class Full(Exception):
    """More sessions than can be kept track of: begin a new session of one's own."""


class Window:
    """The counters of one session that were seen."""

    __slots__ = ("_highest", "_seen")

    def __init__(self) -> None:
        self._highest = -1
        self._seen = 0

    def take(self, counter: int) -> bool:
        """True the first time, false for a replay and for what is too old to tell."""
        if counter > self._highest:
            shift = min(counter - self._highest, WINDOW)
            self._seen = (self._seen << shift | 1) & ((1 << WINDOW) - 1)
            self._highest = counter
            return True
        back = self._highest - counter
        if back >= WINDOW or self._seen >> back & 1:
            return False
        self._seen |= 1 << back
        return True


class Windows:
    """The windows of all sessions that were heard of in this life."""

    def __init__(self) -> None:
        self._windows: dict[int, Window] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, session: int, counter: int) -> bool:
        """Whether a packet is heard for the first time. Raises Full rather than forget a session.

        Only packets that are authentic may come here: each session that is named takes memory.
        """
        window = self._windows.get(session)
        if window is None:
            if len(self._windows) >= SESSIONS_MAX:
                raise Full
            window = self._windows[session] = Window()
        return window.take(counter)

    def clear(self) -> None:
        """Forgets all; good only together with a new session of one's own."""
        self._windows.clear()
