"""What somebody could do who had taken over a unit: tries it all, and says what went through.

Runs inside a unit's sandbox on a machine of the lab, nowhere else; prints one JSON object: what was
tried, and ``yes`` or the error. It changes nothing: files of the system are opened and not written
to, and what is mounted is of a kind that there is not.
"""

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)
BPF, INIT_MODULE = 321, 175
NEW_USER = 0x10000000
COMMAND = '{"name": "x", "type": "exec", "command": ["touch", "/run/lab/root-was-here"]}'


def call(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def read(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))


def write(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def create(directory: str) -> Callable[[], object]:
    def make() -> None:
        path = f"{directory}/hwagent-was-here"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.unlink(path)

    return make


def pack(value: object) -> bytes:
    """MessagePack, as far as it is needed here."""
    if isinstance(value, dict):
        parts = [pack(part) for pair in value.items() for part in pair]
        return bytes((0x80 | len(value),)) + b"".join(parts)
    data = str(value).encode()
    return b"\xda" + len(data).to_bytes(2, "big") + data


def ask_helper(job: str, **arguments: object) -> Callable[[], object]:
    """Has the helper fork a worker and give it a job, as the agent does. Raises OSError with what
    it says if it refuses."""

    def ask() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
            control.settimeout(60)
            control.connect("/run/hwagent-helper/helper.sock")
            control.send(pack({"type": "Fork"}))
            _, files, _, _ = socket.recv_fds(control, 4096, 1)
            with socket.socket(fileno=files[0]) as worker:
                worker.settimeout(60)
                data = pack({"name": job, "arguments": arguments})
                worker.sendall(len(data).to_bytes(4, "big") + data)
                said = worker.recv(65536)
        for word in (b"unknown: ", b"root does not do", b"not the name of a device", b"Expected "):
            if word in said:
                raise PermissionError(errno.EPERM, "refused")

    return ask


def nonsense() -> None:
    """What is no message at all; it hangs up, which is no success."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.settimeout(60)
        control.connect("/run/hwagent-helper/helper.sock")
        control.send(b"\xff" * 100)
        if not control.recv(4096):
            raise OSError(errno.ECONNRESET, "it hung up")


def nice_and_real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def run_a_program() -> None:
    subprocess.run(["/bin/true"], check=True)


def program() -> None:
    """Whether bpf(2) gets as far as looking at what it is given: a map of no type."""
    try:
        call(libc.syscall(BPF, 0, b"\0" * 128, 128))
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise


def mount() -> None:
    """Whether mount(2) gets as far as looking for the file system's driver."""
    try:
        call(libc.mount(b"none", b"/tmp", b"no-such-file-system", 0, None))
    except OSError as e:
        if e.errno != errno.ENODEV:
            raise


def become_root() -> None:
    os.setresuid(0, 0, 0)
    os.close(os.open("/etc/shadow", os.O_RDONLY))


def memory_to_write_and_run() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def address() -> None:
    """Adds an address to loopback and takes it away: rtnetlink(7), RTM_NEWADDR and RTM_DELADDR."""
    index = socket.if_nametoindex("lo")
    for type, flags in ((20, 0x5 | 0x400), (21, 0x5)):
        body = struct.pack("=BBBBi", socket.AF_INET, 32, 0, 0, index)
        body += struct.pack("=HH4s", 8, 2, socket.inet_aton("127.77.77.77"))
        head = struct.pack("=IHHII", 16 + len(body), type, flags, 1, 0)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
            sock.settimeout(10)
            sock.send(head + body)
            error = struct.unpack_from("=i", sock.recv(4096), 16)[0]
        if error:
            raise OSError(-error, os.strerror(-error))


TRIES: dict[str, Callable[[], object]] = {
    "read /etc/shadow": read("/etc/shadow"),
    "read the cluster's key": read("/etc/hwagent/cluster.key"),
    "read /root": lambda: os.listdir("/root"),
    "read a disk": read("/dev/sda"),
    "write to a disk": write("/dev/sda"),
    "read /dev/mem": read("/dev/mem"),
    "read the kernel's log": read("/dev/kmsg"),
    "write to /etc": create("/etc"),
    "write to /etc/hwagent": create("/etc/hwagent"),
    "write to /usr": create("/usr/lib/hwagent"),
    "write to /var/lib/hwagent": create("/var/lib/hwagent"),
    "write to /home": create("/home"),
    "write to /sys/class/net": write("/sys/class/net/lo/mtu"),
    "write to /sys/block": write("/sys/block/sda/queue/nr_requests"),
    "write to /proc/sys/kernel": write("/proc/sys/kernel/core_pattern"),
    "write to /proc/sys/net": write("/proc/sys/net/ipv4/ip_forward"),
    "stop the kernel": write("/proc/sysrq-trigger"),
    "write to /sys/fs/cgroup": create("/sys/fs/cgroup"),
    "load a module": lambda: call(libc.syscall(INIT_MODULE, None, 0, b"")),
    "load a program into the kernel": program,
    "mount": mount,
    "make a user namespace": lambda: call(libc.unshare(NEW_USER)),
    "become root": become_root,
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "set the host's name": lambda: socket.sethostname(socket.gethostname()),
    "see other users' processes": lambda: os.listdir("/proc/1"),
    "end another process": lambda: os.kill(1, signal.SIGCONT),
    "real-time priority": nice_and_real_time,
    "memory to write and run": memory_to_write_and_run,
    "run a program": run_a_program,
    "raw packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close(),
    "raw IP": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close(),
    "connect anywhere": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
    "add an address": address,
    "say nonsense to the helper": nonsense,
    "have the helper do what is no verb": ask_helper("sh", command="id"),
    "have the helper run a command": ask_helper("collect", collector="service", target=COMMAND),
    "have the helper read a file": ask_helper("collect", collector="smart", target="../etc/shadow"),
    "have the helper write to a path": ask_helper("locate", disk="../../../etc/x", on="yes"),
}


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as e:
        return errno.errorcode.get(e.errno or 0, str(e)) if e.errno else str(e)
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    return "yes"


if __name__ == "__main__":
    if not os.path.exists("/run/lab"):
        sys.exit("only on a machine of the lab")
    json.dump({name: outcome(attempt) for name, attempt in TRIES.items()}, sys.stdout)
