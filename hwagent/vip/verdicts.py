"""Whether and where an address may be held now, by the agent's word, its group's leave, its
services and the ground. Pure."""

import math

from .ground import Ground
from .preparation import STARTING
from .protocol import State
from .ward import Ward, Word

#: Seconds in which a second deletion by somebody else means a fight, not an accident.
FIGHT = 30.0

#: Interface, state and reason.
Verdict = tuple[str, State, str]


class Verdicts:
    """What all decisions rest on; ``wall`` is the time of day when the clock was 0."""

    def __init__(self, ground: Ground, wall: float) -> None:
        self._ground = ground
        self._wall = wall
        #: The agent's last word.
        self.word: Word | None = None
        #: Why nothing may be touched, if so.
        self.barred = ""
        #: Whether the holder ends.
        self.closing = False

    def verdict(self, now: float, ward: Ward) -> Verdict:
        """What becomes of an address of the plan."""
        reason = self.barred or ward.cooling(now) or self._without_leave(now, ward)
        verdict: Verdict = ("", "released", reason) if reason else self.possible(now, ward)
        return verdict if ward.preparation is None else self._prepared(now, ward, verdict)

    def possible(self, now: float, ward: Ward) -> Verdict:
        """Where it can be held, if it may."""
        if ward.withheld:
            return "", "released", "released on request"
        if now < ward.paused_until:
            return "", "conflict", f"taken away twice within {FIGHT:g} s by somebody else"
        if reason := ward.cooling(now):
            return "", "released", reason
        good = [name for name in ward.interfaces if self._ground.up.get(name)]
        if ward.interface not in good and (other := self._ground.foreign(ward.ip, ward.interfaces)):
            return "", "conflict", f"configured on {other} by somebody else"
        if not good:
            return "", "released", f"no carrier on {', '.join(ward.interfaces)}"
        usable = [name for name in good if now >= ward.refused.get(name, -math.inf)]
        if not usable:
            return "", "released", ward.refusal
        return self._ground.choose(ward.address, ward.interface, usable), "held", ""

    def unfit(self, now: float) -> str:
        """Why the agent's word lets nothing be held, if so."""
        if self.closing:
            return "the holder ends"
        if self.word is None:
            return "no word of the agent yet"
        if not self.word.fit:
            return f"unfit: {self.word.reason}"
        return "" if now < self.word.until else "the agent's last word has run out"

    def _prepared(self, now: float, ward: Ward, verdict: Verdict) -> Verdict:
        """Not before its services run; whatever else keeps it from being held ends them."""
        preparation = ward.preparation
        if preparation is None or verdict[1] != "held":
            ward.dismiss()
            return verdict
        if preparation.ready:
            return verdict
        if not preparation.begun and not ward.group:
            ward.epoch = max(ward.epoch + 1, int((self._wall + now) * 1000))
        if not preparation.begun or preparation.epoch != ward.epoch:  # a voter knew a higher one
            preparation.begin(now, ward.epoch)
        if preparation.wait(now):
            return "", "preparing", STARTING
        return "", "released", preparation.failure

    def _without_leave(self, now: float, ward: Ward) -> str:
        """Why it may not be held: by the agent's word, or by the lease of its group."""
        if not ward.group:
            return self.unfit(now)
        if self.closing:
            return "the holder ends"
        return "" if ward.granted or ward.withheld else ward.wanting
