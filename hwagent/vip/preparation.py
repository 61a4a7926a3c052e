"""Services that have to run before an address is announced: what the holder knows of them. Pure.

The holder starts nothing. It keeps the address off the host and its gate shut, says that it is
preparing with which epoch, and waits for the agent's word that all is ready, for so long and no
longer. Then the address is left to others for a while: a host that cannot start a service must not
take the address again and again.
"""

import math

import msgspec

#: What the status says while the agent is at work.
STARTING = "its services are being started"


class Preparation(msgspec.Struct):
    """One address with services; times are seconds of CLOCK_BOOTTIME.

    ``epoch`` is that of the stay which is being prepared, until ``until``, or is ``ready``.
    """

    timeout: float
    cooldown: float
    epoch: int = 0
    until: float = -math.inf
    ready: bool = False
    again_at: float = -math.inf
    failure: str = ""

    def begin(self, now: float, epoch: int) -> None:
        """The address may be held here from now on, once its services are ready."""
        self.epoch, self.until, self.failure = epoch, now + self.timeout, ""

    def wait(self, now: float) -> bool:
        """Whether there is still hope; at the end of the time there is none."""
        if now >= self.until:
            self._fail(now, f"its services were not ready within {self.timeout:g} s")
        return not self.failure

    def answer(self, now: float, epoch: int, problem: str) -> None:
        """Takes the agent's word; one about another stay, or that comes late, is none."""
        if self.ready or epoch != self.epoch or now >= self.until:
            return
        if problem:
            self._fail(now, problem)
        else:
            self.ready = True

    def end(self) -> None:
        """The address may not be held here any more: whatever is started has to be started anew."""
        self.ready, self.until = False, -math.inf

    def forgive(self) -> None:
        """Ends the cool-down."""
        self.again_at, self.failure = -math.inf, ""

    @property
    def begun(self) -> bool:
        """Whether a stay is being prepared, or is ready."""
        return self.until > -math.inf

    def _fail(self, now: float, why: str) -> None:
        self.end()
        self.again_at = now + self.cooldown
        self.failure = f"{why}; tried again {self.cooldown:g} s later"
