"""A machine: QEMU under software emulation, with a hand in it and a hold on its hardware.

Nothing here waits for a time: under emulation on a busy host a boot may take minutes.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import counter
from tests.lab.channel import Answer, Channel
from tests.lab.image import Image
from tests.lab.parts import Disk, Nic
from tests.lab.qmp import Monitor

#: The longest that anything may take, in seconds; only a machine that hangs gets there.
PATIENCE = 1200.0
_KERNEL = (
    "root=LABEL=root rw console=ttyS0 quiet loglevel=5 net.ifnames=0 mitigations=off panic=-1"
    " audit=0 init_on_alloc=0 tsc=reliable tsc_early_khz={khz}"
)
#: One without wide vectors and fast string moves, which are slow to emulate: with all that QEMU can
#: (max), starting a Python program took half as much again. x86-64-v2, as RHEL 9 asks for.
_CPU = "Nehalem"
T = TypeVar("T")


class Failed(Exception):
    """A command on a machine ended with an error."""


#: A machine that was saved while it ran, in its root disk.
_SAVED = "saved"
#: Slots into which PCI Express cards are plugged.
_SLOTS = 8


class Machine:
    """One machine; ``place`` gets its files, ``space`` is the network namespace it is in.

    All have the same board; disks and cards are plugged into its slots, in the order given.
    """

    def __init__(
        self,
        name: str,
        place: Path,
        image: Image,
        disks: tuple[Disk, ...] = (),
        nics: tuple[Nic, ...] = (),
        extra: tuple[str, ...] = (),
        space: str = "",
    ) -> None:
        self.name = name
        self.place = place
        self.image = image
        self.disks = {disk.name: disk for disk in disks}
        self.nics = nics
        self.extra = extra
        self.space = space
        self._numbers = itertools.count()
        self.process: subprocess.Popen[bytes] | None = None
        place.mkdir(parents=True, exist_ok=True)
        self.root = place / "root.qcow2"

    def start(self) -> None:
        """Boots it, and waits until it is up. A machine that was started before has its disk of
        then."""
        if not self.root.exists():
            overlay(self.image.root, self.root)
        devices = [*self._on_the_bus(), *self._in_slots()]
        self._run(devices)
        self.ready()
        self.until(lambda: self._there() == len(devices), "its disks and cards")

    def resume(self) -> None:
        """Has it go on where the image was saved, with its disks and cards plugged in then: what
        else a boot takes minutes for."""
        shutil.copy(self.image.root, self.root)
        self._run([], "-S")
        node = f"{ROOT}-file"
        self._job("snapshot-load", {"tag": _SAVED, "vmstate": node, "devices": [node]})
        self.qmp("cont")
        self._first_word()
        self.sh(f"date -s @{time.time():.3f}")
        self.plug(*self._on_the_bus())
        for device in self._in_slots():
            self.plug(device)  # the kernel numbers them as they come

    def save(self) -> None:
        """Writes down in its root disk where it stands, and ends it."""
        node = f"{ROOT}-file"
        self.sh("sync")
        self.qmp("stop")
        self._job("snapshot-save", {"tag": _SAVED, "vmstate": node, "devices": [node]})
        self.qmp("quit")
        assert self.process is not None
        self.process.wait()
        self.close()

    def plug(self, *devices: str) -> None:
        """Plugs devices in, as QEMU describes them, and waits until the machine has them all."""
        wanted = self._there() + len(devices)
        for device in devices:
            self.qmp("human-monitor-command", command_line=f"device_add {device}")
        self.until(lambda: self._there() == wanted, f"{devices} to be there")

    def _there(self) -> int:
        """How many disks and cards the kernel knows."""
        places = "/sys/class/scsi_disk/* /sys/class/nvme/* /sys/class/net/*/device"
        return int(self.sh(f"ls -d {places} 2>/dev/null | wc -l"))

    def _job(self, name: str, arguments: dict[str, Any]) -> None:
        """Has QEMU do what takes a while. Raises Failed."""
        self.qmp.run(name, {"job-id": name, **arguments})
        job = self.until(lambda: next((j for j in self.qmp("query-jobs")
                                       if j["status"] == "concluded"), None), name)  # fmt: skip
        self.qmp("job-dismiss", id=name)
        if "error" in job:
            raise Failed(f"{self.name}: {name}: {job['error']}")

    def _run(self, devices: list[str], *options: str) -> None:
        """Starts QEMU with these devices plugged in."""
        for disk in self.disks.values():
            file = self.file(disk.name)
            if not file.exists():
                with open(file, "wb") as f:
                    f.truncate(disk.size)
        enter = ["ip", "netns", "exec", self.space] if self.space else []
        argv = [*self._argv(), *options]
        for device in devices:
            argv += ["-device", device]
        with open(self.place / "qemu.log", "ab") as log:
            self.process = subprocess.Popen(
                [*enter, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.qmp = self._connected(lambda: Monitor(self.place / "qmp"))
        self.channel = self._connected(lambda: Channel(self.place / "lab"))

    def ready(self) -> None:
        """Waits until all that starts at boot has started."""
        self._first_word()
        self.until(lambda: self.run("systemctl is-system-running --wait").text.strip() in _UP)

    def _first_word(self) -> None:
        """Knocks until the machine answers: what was said before its hand was there is lost."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.channel.ask(hello=True).result(2)
                return
            except TimeoutError:
                self._alive()
                assert time.monotonic() < end, f"{self.name} does not boot: {self.place}/console"

    def _alive(self) -> None:
        if self.process is None or self.process.poll() is not None:
            told = self.qmp.last_words()[-5:] if hasattr(self, "qmp") else []
            raise Failed(f"{self.name}: QEMU ended: {told} {(self.place / 'qemu.log').read_text()}")

    def _connected(self, connect: Callable[[], T]) -> T:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return connect()
            except OSError:
                self._alive()
                assert time.monotonic() < end, f"{self.name}: QEMU does not answer"
                time.sleep(0.1)

    def begin(self, command: str, timeout: float = PATIENCE) -> "Future[Answer]":
        """Starts a shell command; what was run and when is in the file ``commands``."""
        started = time.monotonic()
        answer = self.channel.ask(sh=command, timeout=timeout)
        answer.add_done_callback(lambda done: self._note(command, started, done.result()))
        return answer

    def _note(self, command: str, started: float, answer: Answer) -> None:
        took = time.monotonic() - started
        with open(self.place / "commands", "a") as file:
            print(f"{answer.boot:.2f} ({took:.2f} s, status {answer.status}) {command}", file=file)

    def run(self, command: str, timeout: float = PATIENCE) -> Answer:
        """Runs a shell command, whatever its status. Raises Failed if the machine ends."""
        return self._result(self.begin(command, timeout), timeout + 60)

    def sh(self, command: str, timeout: float = PATIENCE) -> str:
        """Runs a shell command; what it printed. Raises Failed."""
        answer = self.run(command, timeout)
        if answer.status:
            raise Failed(f"{self.name}: {command}: status {answer.status}: {answer.text}")
        return answer.text

    def now(self) -> Answer:
        """Its clocks: ``boot`` since its start (CLOCK_BOOTTIME), ``wall`` since the epoch."""
        return self._result(self.channel.ask(clock=True), PATIENCE)

    def get(self, path: str) -> Any:
        """Asks the agent on it, None if it does not answer."""
        answer = self._result(self.channel.ask(get=path), PATIENCE)
        return json.loads(answer.text) if answer.status == 200 else None

    def read(self, path: str) -> str | None:
        """The content of a file on it, None if it is not there. Raises Failed."""
        answer = self._result(self.channel.ask(read=path), PATIENCE)
        if answer.status < 0:
            raise Failed(f"{self.name}: {path}: {answer.text}")
        return answer.text if answer.status == 0 else None

    def has(self, path: str) -> bool:
        """Whether a file is on it."""
        return self.read(path) is not None

    def _result(self, answer: "Future[Answer]", timeout: float) -> Answer:
        end = time.monotonic() + timeout
        while True:
            try:
                return answer.result(2)
            except TimeoutError:
                self._alive()
                assert time.monotonic() < end, f"{self.name}: no answer within {timeout:g} s"

    def write(self, path: str, text: str) -> None:
        """Writes a file on it."""
        self.sh(f"mkdir -p $(dirname {path}) && cat > {path} << 'END-OF-FILE'\n{text}\nEND-OF-FILE")

    def until(self, condition: Callable[[], T], what: str = "condition") -> T:
        """Waits for a condition, asking once a second: to an emulated machine that is work."""
        end = time.monotonic() + PATIENCE
        while not (value := condition()):
            self._alive()
            assert time.monotonic() < end, f"{self.name}: not within {PATIENCE:g} s: {what}"
            time.sleep(1)
        return value

    def file(self, disk: str) -> Path:
        """Where a disk's content is."""
        return self.place / f"{disk}.raw"

    def pull(self, disk: str) -> None:
        """Pulls a disk out."""
        self.qmp("device_del", id=disk)

    def slow(self, disk: str, per_second: int) -> None:
        """Lets a disk do only so many requests a second, 0 for as many as it can."""
        path, limits = f"/objects/{disk}-speed", {"iops-total": per_second}
        self.qmp.run("qom-set", {"path": path, "property": "limits", "value": limits})

    def hang(self, disk: str) -> None:
        """Lets a disk answer nothing more for as long as a test lasts: of two bytes a second, the
        next request but one takes half an hour."""
        named = {"path": f"/objects/{disk}-speed", "property": "limits", "value": {"bps-total": 2}}
        self.qmp.run("qom-set", named)

    def spoil(self, disk: str, bad: bool) -> None:
        """Lets every read and write of a disk end with an error, or no more. Not what empties its
        cache: QEMU itself does that when it is to make the disk good again."""
        below = f"{disk}-file"
        if bad:
            below = f"{disk}-bad{next(self._numbers)}"  # one that was in use may still be
            errors = [{"event": "none", "errno": 5, "iotype": kind} for kind in ("read", "write")]
            rules = {"node-name": below, "image": f"{disk}-file", "inject-error": errors}
            self.qmp.run("blockdev-add", {"driver": "blkdebug", **rules})
        drive = {"driver": "throttle", "node-name": f"{disk}-drive"}
        drive |= {"throttle-group": f"{disk}-speed", "file": below}
        self.qmp.run("blockdev-reopen", {"options": [drive]})

    def warn(self, disk: str, warning: int) -> None:
        """Sets the critical warning of an NVMe disk's health log."""
        path = f"/machine/peripheral/{disk}"
        named = {"path": path, "property": "smart_critical_warning", "value": warning}
        self.qmp.run("qom-set", named)

    def cable(self, nic: str, plugged: bool) -> None:
        """Pulls or plugs a cable at the machine's end."""
        self.qmp("set_link", name=nic, up=plugged)

    def freeze(self) -> None:
        """Stops all of it while its clock runs on, as metal does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    def cut(self) -> None:
        """Takes its power away."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def reboot(self) -> None:
        """Has it shut down in order, and starts it again."""
        self.shutdown()
        self.start()

    def replace(self) -> None:
        """Puts a machine like it was at first in its place, whatever became of it."""
        self.close()
        self.resume()

    def shutdown(self) -> None:
        """Has it shut down in order."""
        assert self.process is not None
        self.begin("systemctl poweroff")
        self.process.wait(PATIENCE)
        self.close()

    def close(self) -> None:
        """Ends it, if it has not ended."""
        if self.process is not None and self.process.poll() is None:
            self.cut()
        for name in ("qmp", "channel"):
            if hasattr(self, name):
                getattr(self, name).close()

    def _signal(self, number: signal.Signals) -> None:
        """To QEMU and whatever stands between (ip netns exec becomes it)."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def _argv(self) -> list[str]:
        argv = [
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", _CPU,
            "-m", "1024", "-smp", "2", "-display", "none", "-nodefaults",
            "-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd),
            "-append", _KERNEL.format(khz=counter.khz()), "-no-reboot", "-name", self.name,
            "-global", "ICH9-LPC.noreboot=off",  # the board's watchdog may reset it
            "-serial", f"file:{self.place}/console",
            "-qmp", f"unix:{self.place}/qmp,server=on,wait=off",
            *_throttled(ROOT, f"driver=qcow2,file.driver=file,file.filename={self.root}"),
            "-device", f"virtio-blk-pci,drive={ROOT}-drive,id={ROOT},serial={ROOT}",
            # one that goes on from a copy draws other random numbers than the next
            "-device", "vmgenid,guid=auto", "-device", "virtio-rng-pci",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=lab,path={self.place}/lab,server=on,wait=off",
            "-device", "virtserialport,chardev=lab,name=lab",
            "-device", "virtio-scsi-pci,id=hba",
        ]  # fmt: skip
        for slot in range(1, _SLOTS + 1):
            argv += ["-device", f"pcie-root-port,id=slot{slot},chassis={slot},slot={slot}"]
        for disk in self.disks.values():
            argv += _throttled(disk.name, f"driver=file,filename={self.file(disk.name)}")
        for nic in self.nics:
            argv += ["-netdev", f"{nic.network},id={nic.name}"]
        return [*argv, *self.extra]

    def _on_the_bus(self) -> list[str]:
        """The disks on the host adapter."""
        device = "scsi-hd,id={0},drive={0}-drive,serial={0},wwn={1}"
        device += ",bus=hba.0,product=LABDISK,rotation_rate=7200"
        return [device.format(d.name, d.wwn) for d in self.disks.values() if d.bus == "scsi"]

    def _in_slots(self) -> list[str]:
        """The NVMe disks, then the cards."""
        nvme = (disk.name for disk in self.disks.values() if disk.bus == "nvme")
        found = [f"nvme,id={name},drive={name}-drive,serial={name}" for name in nvme]
        for nic in self.nics:
            card = f"virtio-net-pci,id={nic.card},netdev={nic.name},mac={nic.mac}"
            found.append(f"{card},aer=on")
        return [f"{device},bus=slot{slot}" for slot, device in enumerate(found, 1)]


#: The name of a machine's own disk, on which its system is.
ROOT = "root"
_UP = ("running", "degraded")


def _throttled(name: str, drive: str) -> list[str]:
    """A drive with a throttle before it, which can be told to be slow, or to fail."""
    throttle = f"driver=throttle,node-name={name}-drive,file={name}-file"
    return [
        "-object", f"throttle-group,id={name}-speed",
        "-blockdev", f"{drive},node-name={name}-file,cache.no-flush=on",
        "-blockdev", f"{throttle},throttle-group={name}-speed",
    ]  # fmt: skip


def saved(image: Image) -> bool:
    """Whether an image is that of a machine that was saved while it ran."""
    return _format(image.root) == "qcow2"


def overlay(base: Path, to: Path) -> None:
    """A disk that is like another one, which stays as it is."""
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", _format(base), "-b", base, to]
    subprocess.run(argv, check=True)


def _format(file: Path) -> str:
    with open(file, "rb") as f:
        return "qcow2" if f.read(4) == b"QFI\xfb" else "raw"
