"""What runs with one virtual IP on this host, and what is to be done about it next. Pure.

The holder says again and again where the address stands; it never waits for what is said here but
before it announces. So a word that was lost, and an agent that was restarted, mend themselves:

- Before an address is announced its services are started with its epoch, and only then is the
  holder told. They are stopped first if they may still run for an earlier stay.
- Once it is gone they are stopped. A stop that failed is tried again, and until it succeeds this
  host should not take the address over.
- While it is held, a higher epoch or a conflict with another host has them started again, so that
  whoever listens to hooks hears of the winner last.
- What an agent before this one started is taken as it is while the address is held, and else
  stopped, for nobody knows.
- One thing at a time, in the order in which it came up.
"""

import math
from typing import Literal, NamedTuple

#: Seconds after which a stop that failed is tried again.
RETRY = 30.0

Step = Literal["start", "repeat", "stop"]
Condition = Literal["unknown", "stopped", "started", "dirty"]


class Order(NamedTuple):
    """Something to be done, with what hooks are told."""

    step: Step
    epoch: int
    state: str
    reason: str


class Answer(NamedTuple):
    """What the holder waits for: the services run for the stay with this epoch, or a problem."""

    epoch: int
    problem: str


class Retinue:
    """The services of one address.

    ``condition`` is what is known of them: ``dirty`` if a start or a stop failed half-way.
    ``problem`` is what went wrong last, and not since.
    """

    def __init__(self) -> None:
        self.condition: Condition = "unknown"
        self.epoch = 0
        self.problem = ""
        self.running: Order | None = None
        self._state = ""
        self._wanted = 0
        self._reason = ""
        self._again = ""
        self._refused, self._refusal = 0, ""
        self._retry_at = -math.inf

    def told(self, state: str, epoch: int, reason: str) -> None:
        """Takes where the address stands by the holder's last word."""
        self._state, self._wanted, self._reason = state, epoch, reason

    def conflict(self, reason: str) -> None:
        """Another host announced the address too; if it stays here, the hooks are told again."""
        self._again = reason

    def next(self, now: float, act: bool) -> Order | None:
        """What is to be done now, if anything; the caller says when it is done.

        Without leave to ``act`` only what was started from here is stopped.
        """
        if self.running is None and self._state:
            self.running = self._choose(now, act)
        return self.running

    def done(self, now: float, problem: str) -> None:
        """What ``next`` said last was done, or there was a problem."""
        order, self.running = self.running, None
        if order is None:
            return
        self.problem = problem
        if order.step == "stop":
            self.condition = "dirty" if problem else "stopped"
            self._retry_at = now + RETRY
            if problem and self._state == "preparing":
                self._refused, self._refusal = self._wanted, problem
        elif order.step == "repeat" or not problem:
            self.condition, self.epoch = "started", order.epoch
        else:
            self.condition, self.epoch = "dirty", order.epoch
            self._refused, self._refusal, self._retry_at = order.epoch, problem, -math.inf

    def answer(self) -> Answer | None:
        """What the holder is to be told now."""
        if self._state != "preparing":
            return None
        if self.condition == "started" and self.epoch == self._wanted and self.running is None:
            return Answer(self._wanted, "")
        return Answer(self._wanted, self._refusal) if self._refused == self._wanted else None

    def due(self) -> float:
        """When time alone has something done."""
        return self._retry_at if self.condition == "dirty" else math.inf

    @property
    def busy(self) -> bool:
        """Whether what runs with the address is needed, or may still run."""
        return self.condition == "started" or self._state in ("preparing", "held")

    # Decisions

    def _choose(self, now: float, act: bool) -> Order | None:
        if self._state == "preparing":
            return self._prepare(now)
        if self._state == "held":
            return self._serve()
        self._again = ""
        if self.condition == "stopped" or (self.condition == "unknown" and not act):
            return None
        return self._stop(now)

    def _prepare(self, now: float) -> Order | None:
        if self._refused == self._wanted:
            return self._stop(now) if self.condition == "dirty" else None
        if self.condition == "stopped":
            return Order("start", self._wanted, self._state, self._reason)
        if self.condition == "started" and self.epoch == self._wanted:
            return None
        self._retry_at = -math.inf
        return self._stop(now)

    def _serve(self) -> Order | None:
        if self.condition == "unknown":
            self.condition, self.epoch = "started", self._wanted
        if self.condition == "started":
            again, self._again = self._again, ""
            if self.epoch != self._wanted:
                return Order("repeat", self._wanted, self._state, "a higher epoch")
            return Order("repeat", self._wanted, self._state, again) if again else None
        if self.condition == "stopped" and self._refused != self._wanted:
            return Order("start", self._wanted, self._state, "services are new")
        return None

    def _stop(self, now: float) -> Order | None:
        if self.condition == "dirty" and now < self._retry_at:
            return None
        return Order("stop", self.epoch, self._state, self._reason)
