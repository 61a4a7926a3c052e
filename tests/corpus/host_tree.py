"""The host of node_exporter's own tests, unpacked: sys, run/udev and proc."""

import shutil
import tarfile
from pathlib import Path

import pytest

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
_ARCHIVE = CORPORA / "node_exporter-sys.tar.gz"


def unpack(place: Path) -> Path:
    """Lays the tree out as a host has it and returns its root; skips the test without corpora."""
    if not _ARCHIVE.exists():
        pytest.skip("../shared/corpora is absent")
    with tarfile.open(_ARCHIVE) as tar:
        tar.extractall(place, filter="tar")
    (place / "run").mkdir()
    (place / "udev").rename(place / "run" / "udev")
    shutil.copytree(CORPORA / "node_exporter-proc", place / "proc")
    return place
