"""docs/lab-results.md, written by the run itself: a row for each fault, which replaces the one of
the run before."""

import fcntl
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "docs/lab-results.md"
_COLUMNS = ("fault", "who noticed", "after", "who acted", "what the client lost", "two owners")
_RULE = ("---",) * len(_COLUMNS)
_HEAD = """# What the lab saw

Written by `make lab`: machines under software emulation with real md, bonds, disks and links, each
fault injected from outside, and the peers beside in the same run. Seconds are those of emulated
machines on a shared host with 2 cores: they bound nothing and are good for comparing within a row.
`-` means that the fault has nothing to do with it.

"""


class Table:
    """The rows by fault, in the order in which they first came; several runs may add at once."""

    def __init__(self, file: Path = RESULTS) -> None:
        self.file = file

    def add(
        self,
        fault: str,
        noticed: Iterable[tuple[str, float | str | None]],
        acted: str,
        lost: str,
        owners: str = "-",
    ) -> None:
        """One fault; ``noticed`` is who noticed and after how many seconds, None for never, or
        what there is to say instead."""
        who = [(name, "never" if at is None else at) for name, at in noticed]
        names = "<br>".join(name for name, _ in who)
        times = "<br>".join(at if isinstance(at, str) else f"{at:.1f} s" for _, at in who)
        cells = tuple(c.replace("|", "/") for c in (fault, names, times, acted, lost, owners))
        with open(self.file, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            rows = {**_rows(file.read()), cells[0]: cells}
            file.truncate(0)
            lines = [_COLUMNS, _RULE, *rows.values()]
            file.write(_HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in lines))


def _rows(text: str) -> dict[str, tuple[str, ...]]:
    """By fault."""
    lines = (tuple(c.strip() for c in line.strip("|").split("|")) for line in text.splitlines())
    rows = (cells for cells in lines if len(cells) == len(_COLUMNS))
    return {cells[0]: cells for cells in rows if cells not in (_COLUMNS, _RULE)}
