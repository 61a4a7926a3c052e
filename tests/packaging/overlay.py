"""A copy of this machine that costs nothing and goes away: an overlay over its root."""

import os
import shutil
import subprocess
from pathlib import Path

#: Made once the mounts are there; its first argument is the directory, the rest runs inside.
_ENTER = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
for name in proc sys dev; do mount --rbind "/$name" "$1/root/$name"; done
mount -t tmpfs tmpfs "$1/root/run"
echo ready
exec sleep infinity
"""
#: What a package manager keeps of what it once did.
_KEPT = ("var/lib/dpkg", "var/lib/rpm", "root/.rpmdb", "var/log", "var/cache", "var/lib/systemd")


class Overlay:
    """``with Overlay(directory) as machine:``; systemd does not run in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Overlay":
        argv = ["unshare", "--mount", "sh", "-c", _ENTER, "sh", str(self._directory)]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    @property
    def root(self) -> Path:
        """Its root, as seen from outside."""
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/root{self._directory}/root")

    def run(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command in it as an administrator would."""
        assert self._process is not None
        enter = ["nsenter", f"--mount=/proc/{self._process.pid}/ns/mnt"]
        enter += ["chroot", f"{self._directory}/root"]
        path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
        return subprocess.run([*enter, *argv], env=path, capture_output=True, text=True)

    def copy(self, file: Path) -> str:
        """Puts a file there; its path inside."""
        shutil.copy(file, self.root / "root")
        return f"/root/{file.name}"

    def left(self) -> list[str]:
        """What is there besides what this machine has, but for what package managers keep."""
        upper = Path(f"{self.root.parent}/upper")
        found = []
        for directory, _, files in os.walk(upper):
            inside = os.path.relpath(directory, upper)
            if not inside.startswith(_KEPT):
                found += [f"{inside}/{name}" for name in files]
        return sorted(path for path in found if not os.path.lexists(f"/{path}"))
