"""The epochs of VIPs: each ownership has a higher one than all before."""

from .effects import Now


class Epochs:
    """The highest epoch heard of for each VIP.

    After a restart of all voters at once nobody remembers any; the wall clock keeps it growing.
    """

    def __init__(self) -> None:
        self._highest: dict[str, int] = {}

    def heard(self, vip: str, epoch: int) -> None:
        """Somebody had or knows this one."""
        self._highest[vip] = max(self._highest.get(vip, 0), epoch)

    def next(self, now: Now, vip: str) -> int:
        """A new one: higher than any that was heard of, and at least the time in milliseconds."""
        self.heard(vip, max(self._highest.get(vip, 0) + 1, int(now.wall * 1000)))
        return self._highest[vip]
