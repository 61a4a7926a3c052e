"""A check of what the user runs: the keys of ``services``, and of an address's ``ready``."""

from typing import Literal

from .section import Section
from .units import Duration


class Check(Section, frozen=True, kw_only=True):
    """What is asked, how often, and how many answers in a row change what is believed."""

    type: Literal["tcp", "http", "exec", "unit", "file"]
    target: str = ""
    command: list[str] = []
    status: tuple[int, ...] = (200,)
    body: str = ""
    max_age: Duration | None = None
    interval: Duration = Duration(10)
    timeout: Duration = Duration(3)
    rise: int = 2
    fall: int = 3
