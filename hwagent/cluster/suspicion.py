"""Lifeguard's second part: the more members accuse independently, the sooner a suspect is dead."""

import math


class Suspicion:
    """One suspicion: who said so, and until when the suspect may refute."""

    def __init__(self, now: float, accuser: str, wanted: int, least: float, most: float) -> None:
        self.accusers = [accuser]
        self.started = now
        self.deadline = now + remaining(0, wanted, 0.0, least, most)
        self._wanted = wanted
        self._least = least
        self._most = most

    def confirm(self, accuser: str) -> bool:
        """Another accusation; true if it is a new accuser's and worth passing on."""
        if accuser in self.accusers or len(self.accusers) > self._wanted:
            return False
        self.accusers.append(accuser)
        confirmed = len(self.accusers) - 1
        left = remaining(confirmed, self._wanted, 0.0, self._least, self._most)
        self.deadline = min(self.deadline, self.started + left)
        return True

    def postpone(self, seconds: float) -> None:
        """This process stood still: the suspect gets the time that nobody listened."""
        self.started += seconds
        self.deadline += seconds


def remaining(confirmed: int, wanted: int, elapsed: float, least: float, most: float) -> float:
    """Seconds left: ``max(least, most - (most - least) * log(c + 1) / log(k + 1)) - elapsed``."""
    if wanted < 1:
        return least - elapsed
    share = math.log(confirmed + 1) / math.log(wanted + 1)
    return max(least, most - share * (most - least)) - elapsed
