"""The vendored modules: wheels of the lock file for every Python that a distribution may have.

Modules in C are named after the Python that they are for (``_core.cpython-312-x86_64-linux-gnu``)
or good for all (``abi3``), so those for several lie side by side in one tree.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

#: Newest first. Debian 12 has 3.11, Ubuntu 24.04 3.12, Debian 13 3.13, Ubuntu 26.04 3.14; Ubuntu
#: 22.04 has 3.11 and RHEL 9 3.11 and 3.12 beside an older one of their own.
VERSIONS = ("3.14", "3.13", "3.12", "3.11")
#: Debian's name of a machine: what wheels and file names call it.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
#: By the C library that they need: 2.17 and 2.28 are older than that of any system we serve.
_LIBRARIES = ("manylinux2014", "manylinux_2_17", "manylinux_2_28")
#: Says of a wheel what is no longer so once wheels are joined in one tree.
_LEFT_OUT = ("RECORD", "WHEEL", "INSTALLER", "direct_url.json", "REQUESTED", "entry_points.txt")


def download(lock: Path, machine: str, cache: Path) -> list[Path]:
    """The wheels of a lock file, by its hashes; those of the same lock are loaded once."""
    state = hashlib.sha256(lock.read_bytes() + repr((VERSIONS, machine)).encode()).hexdigest()
    place = cache / state[:16]
    if not (place / "complete").exists():
        for version in VERSIONS:
            _pip_download(lock, machine, version, place)
        (place / "complete").touch()
    return sorted(place.glob("*.whl"))


def _pip_download(lock: Path, machine: str, version: str, place: Path) -> None:
    platforms = (f"--platform={library}_{MACHINES[machine]}" for library in _LIBRARIES)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download",
            "--require-hashes", "--only-binary=:all:", "--no-deps", "--implementation=cp",
            f"--python-version={version}", *platforms, "--dest", place, "--requirement", lock,
        ],
        check=True,
    )  # fmt: skip


def unpack(wheels: list[Path], to: Path) -> None:
    """Joins wheels in one directory. Raises ValueError if two differ in what they share."""
    for wheel in wheels:
        for path, content in _files(wheel):
            file = to / path
            if file.exists() and file.read_bytes() != content:
                raise ValueError(f"{wheel.name}: another wheel has another {path}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o644)


def _files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            directory, _, rest = name.partition("/")
            told = directory.endswith(".dist-info") and rest in _LEFT_OUT
            junk = name.endswith(("/", "/.DS_Store")) or directory.endswith(".data")
            if not (told or junk):
                yield name, archive.read(name)
