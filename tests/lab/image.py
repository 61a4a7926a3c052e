"""The machines' disk: Debian with a kernel of its own, built once and kept by what it is made of.

``image()`` is a system without hwagent. ``python -m tests.lab.image`` builds it beside whatever
else is to be built before the first test. What no test looks at is left out: unpacking it is most
of the work.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
#: What the lab needs on the machine that runs it.
TOOLS = ("qemu-system-x86", "qemu-utils", "mmdebstrap", "e2fsprogs", "iproute2", "openipmi")
SUITE = "bookworm"
PACKAGES = (
    "linux-image-amd64", "systemd-sysv", "udev", "dbus", "kmod", "e2fsprogs", "procps",
    "iproute2", "iputils-ping", "iputils-arping", "ethtool", "nftables", "curl", "busybox-static",
    # what hwagent depends on, recommends, and what it watches with
    "python3", "libudev1", "libbpf1", "mdadm", "smartmontools", "nvme-cli", "ipmitool",
    # its peers
    "keepalived", "prometheus-node-exporter",
)  # fmt: skip
#: Peers run where a test starts them; the rest only takes time.
_OFF = ("smartd", "smartmontools", "keepalived", "prometheus-node-exporter", "apt-daily.timer",
        "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer",
        "e2scrub_reap", "systemd-timesyncd", "mdcheck_start.timer", "mdcheck_continue.timer",
        "systemd-pstore", "getty@tty1", "nvmf-autoconnect")  # fmt: skip
#: The hand in the machine, and the ear of its peers. Tests bring the rest along.
_INSIDE = tuple(HERE / "inside" / name for name in ("labd.py", "labd.service", "told.sh"))
#: Drop-ins of the image: what they are for stands where they are written.
PATIENT = tuple(
    f"etc/systemd/system/hwagent{unit}.service.d" for unit in ("", "-holder", "-helper")
)
_MODULES = "virtio_pci virtio_blk ext4 virtio_console"
#: Documents, and drivers of hardware that no machine here has.
_LEFT_OUT = (
    *(f"/usr/share/{name}" for name in ("doc", "man", "info", "locale", "bug", "lintian")),
    *(f"/lib/modules/*/kernel/{name}" for name in (
        "sound", "net/bluetooth", "net/mac80211", "net/wireless", "net/ceph", "net/tipc",
        "fs/btrfs", "fs/xfs", "fs/ocfs2", "fs/gfs2", "fs/jfs", "fs/f2fs", "fs/ceph", "fs/cifs",
        "fs/nfs", "fs/nfsd", "fs/afs", "fs/orangefs", "drivers/gpu", "drivers/media",
        "drivers/staging", "drivers/iio", "drivers/infiniband", "drivers/usb", "drivers/hid",
        "drivers/input", "drivers/mtd", "drivers/comedi", "drivers/isdn", "drivers/bluetooth",
        "drivers/net/wireless", "drivers/net/ethernet", "drivers/net/usb", "drivers/net/can",
    )),
)  # fmt: skip


class Image(NamedTuple):
    """A root file system and the kernel that goes with it."""

    root: Path
    kernel: Path
    initrd: Path


def cache() -> Path:
    """Where images are kept; HWAGENT_LAB_CACHE says otherwise than below the home."""
    told = os.environ.get("HWAGENT_LAB_CACHE")
    place = Path(told) if told else Path.home() / ".cache/hwagent-lab"
    place.mkdir(parents=True, exist_ok=True)
    return place


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """A directory of the cache, while nobody else builds it."""
    with open(cache() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield cache() / name


def image() -> Image:
    """The system without hwagent; takes minutes the first time. Raises CalledProcessError."""
    packaging = REPOSITORY / "packaging/apt"
    subprocess.run([packaging, *TOOLS], check=True)
    with alone(_key()) as place:
        if not (place / "root.img").exists():
            _build(place)
    return Image(place / "root.img", place / "vmlinuz", place / "initrd.img")


def _key() -> str:
    """Of everything that goes into the image, and of how it is made."""
    inputs = [Path(__file__), *_INSIDE]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in inputs))
    return f"debian-{digest.hexdigest()[:16]}"


def _build(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    tree = place / "tree"
    tree.mkdir(parents=True)
    _debian(tree)
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy((tree / name).resolve(), place / name)
    partly = place / "root.partly"
    with open(partly, "wb") as file:
        file.truncate(3 << 30)
    options = ["-q", "-L", "root", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1"]
    subprocess.run(["mkfs.ext4", *options, "-d", tree, partly], check=True)
    shutil.rmtree(tree)
    partly.rename(place / "root.img")


def _debian(tree: Path) -> None:
    """Runs mmdebstrap; the hooks get the tree as their first argument."""
    before = (
        'mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/etc/initramfs-tools/hooks"',
        'echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab"',
        f'printf "#!/bin/sh\\n[ \\"\\$1\\" = prereqs ] && exit 0\\n. /usr/share/initramfs-tools/'
        f'hook-functions\\nmanual_add_modules {_MODULES}\\n" > "$1/etc/initramfs-tools/hooks/lab"',
        'chmod 755 "$1/etc/initramfs-tools/hooks/lab"',
    )
    after = (
        f'mkdir -p "$1/usr/local/lib/lab"; cp {" ".join(map(str, _INSIDE))} "$1/usr/local/lib/lab"',
        'chmod 755 "$1/usr/local/lib/lab"/*; mv "$1"/usr/local/lib/lab/*.service'
        ' "$1/etc/systemd/system"',
        'echo "PROGRAM /usr/local/lib/lab/told.sh" >> "$1/etc/mdadm/mdadm.conf"',
        # emulated on a busy host, what takes a second elsewhere takes minutes
        'mkdir -p "$1/etc/systemd/system.conf.d"; printf "[Manager]\\nDefaultTimeoutStartSec=1h\\n'
        'DefaultTimeoutStopSec=1h\\nDefaultDeviceTimeoutSec=1h\\n"'
        ' > "$1/etc/systemd/system.conf.d/lab.conf"',
        # so starved, an agent that is busy was taken for one that hangs, and was ended
        *(
            f'mkdir -p "$1/{place}"; printf "[Service]\\nWatchdogSec=1h\\n" > "$1/{place}/lab.conf"'
            for place in PATIENT
        ),
        'echo "LABEL=root / ext4 rw,errors=remount-ro 0 0" > "$1/etc/fstab"',
        'echo lab > "$1/etc/hostname"',
        # no first boot, which would switch on again what is switched off below, nor its updates
        'echo 6c61620000000000000000000000006c > "$1/etc/machine-id"',
        'touch "$1/etc/.updated" "$1/var/.updated"',
        'chroot "$1" systemctl enable labd',
        f'chroot "$1" systemctl disable {" ".join(_OFF)} || true',
        'chroot "$1" passwd -d root',
        'rm -rf "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/*',
        # what is left out of the image is not left out of packages that are installed on it; its
        # disk forgets nothing, so nobody has to wait for it
        'echo force-unsafe-io > "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"',
    )
    argv = ["mmdebstrap", "--quiet", "--variant=apt", "--mode=root", "--format=directory"]
    argv += [f"--essential-hook={hook}" for hook in before]
    argv += [f"--customize-hook={hook}" for hook in after]
    argv += [f"--dpkgopt=path-exclude={path}/*" for path in _LEFT_OUT]
    argv += ["--dpkgopt=force-unsafe-io"]
    subprocess.run([*argv, f"--include={','.join(PACKAGES)}", SUITE, tree], check=True)


if __name__ == "__main__":
    image()
