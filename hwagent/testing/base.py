"""What every simulated server has: ``/proc`` of a quiet Linux host."""

import msgspec

from .tree import Tree


class Load(msgspec.Struct, kw_only=True):
    """How busy the host is; memory in bytes, pressure in percent of the last ten seconds."""

    load: float = 0.5
    cpus: int = 4
    memory: int = 16 * 2**30
    available: int = 12 * 2**30
    uptime: float = 864_000.0
    oom_kills: int = 0
    pressure_cpu: float = 0.0
    pressure_io: float = 0.0
    pressure_memory: float = 0.0


def write_host(tree: Tree, name: str, load: Load) -> None:
    """Writes the files of ``/proc`` that tell of the whole host."""
    kib = 1024
    tree.fill(
        "proc",
        {
            "sys/kernel/hostname": name,
            "sys/kernel/osrelease": "6.1.0-28-amd64",
            "loadavg": f"{load.load:.2f} {load.load:.2f} {load.load:.2f} 1/300 12345",
            "uptime": f"{load.uptime:.2f} {load.uptime * load.cpus:.2f}",
            "meminfo": f"MemTotal: {load.memory // kib} kB\nMemFree: {load.available // kib} kB\n"
            f"MemAvailable: {load.available // kib} kB\nSwapTotal: 0 kB\nSwapFree: 0 kB",
            "vmstat": f"oom_kill {load.oom_kills}\npgmajfault 10",
            "stat": "cpu  100 0 100 100000 10 0 0 0 0 0\n"
            + "\n".join(f"cpu{n} 25 0 25 25000 2 0 0 0 0 0" for n in range(load.cpus))
            + "\nbtime 1700000000\nprocs_running 1\nprocs_blocked 0",
            "self/mounts": "/dev/root / ext4 rw,relatime 0 0",
            "mounts": "/dev/root / ext4 rw,relatime 0 0",
        },
    )
    for what in ("cpu", "io", "memory"):
        share = getattr(load, f"pressure_{what}")
        line = f"avg10={share:.2f} avg60={share:.2f} avg300={share:.2f} total=1000"
        tree.write(f"proc/pressure/{what}", f"some {line}\nfull {line}")
    online = f"0-{load.cpus - 1}" if load.cpus > 1 else "0"
    tree.write("sys/devices/system/cpu/online", online)
