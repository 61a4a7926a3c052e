"""Every fact of the corpus about ethtool's output, against what we read."""

import importlib.util
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
CORPORA = _HERE.parents[2] / "shared" / "corpora"
_FOLDERS = ("ethtool", "node_exporter-ethtool")

_spec = importlib.util.spec_from_file_location("facts_nic", _HERE / "facts_nic.py")
assert _spec is not None
assert _spec.loader is not None
facts_nic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(facts_nic)


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
    assert facts_nic.observed(folder, CORPORA / file, component, field) == value
