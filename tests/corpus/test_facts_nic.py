"""Every fact of the corpus about ethtool's output, against what we read."""

from pathlib import Path

import pytest

from tests.corpus.facts_nic import observed

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
_FOLDERS = ("ethtool", "node_exporter-ethtool")


def _facts() -> list[tuple[str, str, str, str]]:
    index = CORPORA / "INDEX.md"
    lines = index.read_text().splitlines() if index.exists() else []
    rows = (line.split(" | ") for line in lines if line.startswith("FACT | "))
    found = {tuple(part.strip() for part in row[1:5]) for row in rows if len(row) == 5}
    return sorted(f for f in found if f[0].split("/")[0] in _FOLDERS)


@pytest.mark.parametrize(("file", "component", "field", "value"), _facts() or [("", "", "", "")])
def test_reads_what_the_index_says(file: str, component: str, field: str, value: str) -> None:
    if not CORPORA.exists():
        pytest.skip("../shared/corpora is not here")
    folder = file.split("/")[0]
    assert observed(folder, CORPORA / file, component, field) == value
