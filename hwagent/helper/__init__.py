"""Workers: processes that may block, so that the agent never does.

A nursery imports the collectors once and forks workers that share its memory; the agent's Pool
hands them jobs, gives up those that overrun, and never has two outstanding for one device.
"""

from typing import TYPE_CHECKING

from .errors import ProbeBusy, ProbeFailed, ProbeStuck

if TYPE_CHECKING:
    from .pool import Pool
    from .verbs import VerbResult

__all__ = ["Pool", "ProbeBusy", "ProbeFailed", "ProbeStuck", "VerbResult"]


def __getattr__(name: str) -> object:
    """Loads the agent's side when it is asked for: the nursery must not pay for asyncio."""
    if name == "Pool":
        from .pool import Pool

        return Pool
    if name == "VerbResult":
        from .verbs import VerbResult

        return VerbResult
    raise AttributeError(name)
