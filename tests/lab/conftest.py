"""The lab's machines. `make lab` and `make lab-smoke` run these tests; nothing else does, for they
take minutes and emulate whole machines."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import counter
from tests.lab import machine as machines
from tests.lab.agent import Agent, stick
from tests.lab.image import Image, alone, cache, image
from tests.lab.machine import Machine, saved
from tests.lab.table import REPOSITORY, Table

if not os.environ.get("HWAGENT_LAB"):
    collect_ignore_glob = ["test_*.py"]

KEPT = REPOSITORY / "build/lab"
_KEPT_FOR = 3 * 86400.0
Make = Callable[..., Machine]


@pytest.fixture(scope="session")
def deb() -> Path:
    """The package that `make deb` made."""
    return Path(os.environ["HWAGENT_LAB"]).resolve()


@pytest.fixture(scope="session")
def debian() -> Image:
    """A system without hwagent."""
    found = image()
    os.utime(found.root.parent)
    return found


@pytest.fixture(scope="session")
def installed(debian: Image, deb: Path) -> Image:
    """A machine that was saved after hwagent was installed, ran and was stopped; kept by the
    package's bytes. Machines made of it go on from there."""
    # on another host its clock would run at another speed, and it goes on on the same board only
    board = Path(machines.__file__).read_bytes()
    inputs = deb.read_bytes() + board + str(round(counter.khz() / 1000)).encode()
    digest = hashlib.sha256(inputs).hexdigest()[:16]
    with alone(f"{debian.root.parent.name}-{digest}") as place:
        root = place / "root.qcow2"
        if not root.exists():
            _forget()
            machine = Machine("installing", place / "m", debian, extra=stick(deb, place))
            try:
                machine.start()
                Agent(machine).install()
                machine.until(lambda: (machine.get("/v1/status") or {}).get("ready"), "the agent")
                # with what is plugged in then, and the time, it has to start anew
                machine.sh("systemctl stop hwagent hwagent-holder hwagent-helper")
                machine.save()
            finally:
                machine.close()
            machine.root.rename(root)
        os.utime(place)
    return debian._replace(root=root)


def _forget() -> None:
    """Takes away images that nobody has used for days: each is a gigabyte or so."""
    for old in cache().iterdir():
        if old.is_dir() and time.time() - old.stat().st_mtime > _KEPT_FOR:
            shutil.rmtree(old)


@pytest.fixture
def make_machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes and boots machines; all end with the test."""
    yield from _making(request, tmp_path)


@pytest.fixture(scope="module")
def keep_machine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Make]:
    """The same for machines that all tests of a file share: a boot takes longer than most tests."""
    yield from _making(request, tmp_path_factory.mktemp("lab"))


def _making(request: pytest.FixtureRequest, place: Path) -> Iterator[Make]:
    machines: list[Machine] = []

    def make(name: str, image: Image, cold: bool = False, **what: Any) -> Machine:
        machine = Machine(name, place / name, image, **what)
        machines.append(machine)
        machine.start() if cold or not saved(image) else machine.resume()
        return machine

    yield make
    for machine in machines:
        if getattr(request.node, "failed", False):
            _keep(machine, KEPT / request.node.name / machine.name)
        machine.close()
        for file in machine.place.glob("*.*"):
            file.unlink()  # disks are large


def _keep(machine: Machine, place: Path) -> None:
    """Console, journal and a capture of a machine on which a test failed."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in ("console", "qemu.log", "commands"):
        shutil.copy(machine.place / name, place)
    try:
        (place / "journal").write_text(Agent(machine).tell())
        machine.sh("cd /run/lab && hwagent capture capture.tar.gz", 300)
        (place / "capture.b64").write_text(machine.sh("base64 /run/lab/capture.tar.gz"))
    except Exception as e:
        (place / "no-more").write_text(f"{type(e).__name__}: {e}\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.failed:
        for node in (item, item.parent):
            node.failed = True  # type: ignore[union-attr]
    return report


@pytest.fixture(scope="session")
def table() -> Table:
    """Where the results go."""
    return Table()
