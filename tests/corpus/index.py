"""The facts that the corpus' INDEX.md states about its files."""

from functools import cache
from typing import NamedTuple

from tests.corpus.host_tree import CORPORA


class Fact(NamedTuple):
    """One line ``FACT | file | component | field | value``. Those of the second section (``key``)
    retell in words what lines of the last one state, or sum it up."""

    file: str
    component: str
    field: str
    value: str
    key: bool

    @property
    def folder(self) -> str:
        """The folder of the file, or the file itself at the top."""
        return self.file.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.component}:{self.field}"


@cache
def facts(*folders: str) -> tuple[Fact, ...]:
    """The facts about files in these folders, all if none is given, in the order of the index;
    none where the corpus is not there. Raises ValueError for a line that is cut short."""
    index = CORPORA / "INDEX.md"
    found, section = [], ""
    for line in index.read_text().splitlines() if index.exists() else []:
        if line.startswith("## "):
            section = line
        if line.startswith("FACT | "):
            cells = [cell.strip() for cell in line.split(" | ", 4)[1:]]
            file, component, field, value = cells
            found.append(Fact(file, component, field, value, "Key facts" in section))
    return tuple(f for f in found if not folders or f.folder in folders)
