"""The life of one alert: inactive, pending, firing, resolved; hysteresis, doubt, flapping. Pure.

    inactive --expr--> pending --for served--> firing --quiet long enough--> resolved (= inactive)

Quiet means that ``clear`` is true, or ``expr`` false where a rule has no ``clear``. What is not
known neither serves ``for`` nor resolves, until it has not been known for too long.
"""

from collections import deque
from typing import NamedTuple

from hwagent.model import AlertState

#: A firing alert without evidence is resolved as stale: nobody could confirm it any more, and it
#: must not last for ever. Soon if the component is gone; if it is there, only after a day, for
#: nothing says that the fault has passed, and a disk that sleeps is not read for hours. Seconds.
STALE_GONE = 900.0
STALE_PRESENT = 86400.0
#: More changes than this within the window are flapping: one alert that lasts, not a row of them.
FLAPS_MAX = 6
FLAP_WINDOW = 3600.0
#: Flapping ends when nothing has changed for this long.
CALM_AFTER = 1800.0


class Times(NamedTuple):
    """How long a machine waits before it fires (``for``), goes on firing when quiet
    (``keep_firing_for``), and believes what it cannot read any more; seconds."""

    wait: float = 0.0
    keep: float = 0.0
    stale: float = STALE_PRESENT


class Machine:
    """The state of one rule on one component.

    ``level`` is what the rule says, ``state`` what is told: while it flaps, it is told to fire.
    ``since`` is when the told state began; ``reason`` why the last alert ended, if not by itself.
    """

    __slots__ = ("_begun", "_changes", "_doubt", "_quiet", "flapping", "level", "reason", "since")

    def __init__(self) -> None:
        self.level = AlertState.INACTIVE
        self.since = 0.0
        self.flapping = False
        self.reason = ""
        self._begun = 0.0
        self._quiet: float | None = None
        self._doubt: float | None = None
        self._changes: deque[float] = deque(maxlen=FLAPS_MAX + 1)

    @property
    def state(self) -> AlertState:
        """What is told of the alert; never RESOLVED, which is the step out of FIRING."""
        return AlertState.FIRING if self.flapping else self.level

    def step(self, now: float, raised: bool | None, cleared: bool | None, times: Times) -> None:
        """Takes the truth of ``expr`` and of ``clear`` now.

        Without a ``clear`` expression, ``cleared`` is the opposite of ``raised``.
        """
        told, level = self.state, self.level
        if level is AlertState.FIRING:
            self._while_firing(now, raised, cleared, times)
        else:
            self._while_waiting(now, raised, times)
        if AlertState.FIRING in (level, self.level) and level is not self.level:
            self._changes.append(now)
        self._damp(now)
        if self.state is AlertState.PENDING:
            self.since = self._begun
        elif self.state is not told:
            self.since = now

    def _while_waiting(self, now: float, raised: bool | None, times: Times) -> None:
        if raised is None:
            self._wait_in_doubt(now, times)
            return
        if self._doubt is not None:
            self._begun += now - self._doubt
            self._doubt = None
        if not raised:
            self.level = AlertState.INACTIVE
            return
        if self.level is AlertState.INACTIVE:
            self._begun = now
        served = now >= self._begun + times.wait
        self.level = AlertState.FIRING if served else AlertState.PENDING
        if served:
            self._quiet, self.reason = None, ""

    def _wait_in_doubt(self, now: float, times: Times) -> None:
        """Time in doubt does not count as served."""
        if self.level is AlertState.INACTIVE:
            return
        if self._doubt is None:
            self._doubt = now
        if now >= self._doubt + times.stale:
            self.level, self._doubt = AlertState.INACTIVE, None

    def _while_firing(
        self, now: float, raised: bool | None, cleared: bool | None, times: Times
    ) -> None:
        quiet = cleared is True and raised is not True
        doubt = not quiet and raised is not True and None in (raised, cleared)
        self._quiet = _since(self._quiet, now, quiet)
        self._doubt = _since(self._doubt, now, doubt)
        if self._quiet is not None and now >= self._quiet + times.keep:
            self._end("")
        elif self._doubt is not None and now >= self._doubt + times.stale:
            self._end("stale")

    def _end(self, reason: str) -> None:
        self.level, self.reason = AlertState.INACTIVE, reason
        self._quiet = self._doubt = None

    def _damp(self, now: float) -> None:
        changes = self._changes
        if self.flapping:
            self.flapping = now < changes[-1] + CALM_AFTER
        elif len(changes) > FLAPS_MAX and changes[-1] == now:
            self.flapping = now <= changes[0] + FLAP_WINDOW

    def due(self, times: Times) -> float | None:
        """When time alone takes it on, if nothing else happens."""
        dues = []
        if self._doubt is not None:
            dues.append(self._doubt + times.stale)
        elif self.level is AlertState.PENDING:
            dues.append(self._begun + times.wait)
        if self._quiet is not None:
            dues.append(self._quiet + times.keep)
        if self.flapping:
            dues.append(self._changes[-1] + CALM_AFTER)
        return min(dues, default=None)


def _since(begun: float | None, now: float, lasts: bool) -> float | None:
    if not lasts:
        return None
    return now if begun is None else begun
