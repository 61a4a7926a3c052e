"""How the packages' services stand on a host: checks of ``hwagent doctor``, one function each.

Each looks at one thing and returns what it found; none changes anything or raises.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NoReturn

import msgspec
import psutil

import hwagent
from hwagent.collect.root import Root
from hwagent.config import Config
from hwagent.model import Health
from hwagent.vip.claim import owner

from .finding import SYSTEM, Finding

#: Whom agent and holder run as.
USER = "hwagent"
UNITS = ("hwagent.socket", "hwagent.service", "hwagent-holder.service", "hwagent-helper.service")
#: Secrets of systemd's keeping, which only the unit itself sees.
_CREDENTIALS = "/run/credentials/"
_ROOT = "try as root"


def services(root: Root) -> Iterator[Finding]:
    """Whether all units start at boot: RHEL and its like leave that to the administrator."""
    systemctl = shutil.which("systemctl", path=SYSTEM)
    installed = root.exists(f"usr/lib/systemd/system/{UNITS[0]}")
    if not (installed and systemctl and root.exists("run/systemd/system")):
        return
    argv = [systemctl, "is-enabled", *UNITS]
    try:
        told = subprocess.run(argv, capture_output=True, text=True, timeout=30).stdout.splitlines()
    except (OSError, subprocess.TimeoutExpired) as e:
        yield Finding("services", Health.UNKNOWN, str(e))
        return
    off = [f"{unit} is {state}" for unit, state in zip(UNITS, told) if state != "enabled"]
    if off:
        found = f"not started at boot: {', '.join(off)}"
        yield Finding("services", Health.DEGRADED, found, "systemctl enable --now hwagent")
    else:
        yield Finding("services", Health.OK, "all start at boot")


def holder() -> Iterator[Finding]:
    """Whether the holder runs what is installed: an upgrade leaves it, and its addresses, alone."""
    other = owner(_uids())
    if other is None or not other.pid:
        return
    try:
        began = psutil.Process(other.pid).create_time()
        installed = os.stat(hwagent.__file__).st_ctime
    except (psutil.Error, OSError) as e:
        yield Finding("holder", Health.UNKNOWN, f"process {other.pid}: {e}")
        return
    if began >= installed:
        yield Finding("holder", Health.OK, "it runs what is installed")
        return
    found = (
        f"it was started before {hwagent.__version__} was installed, and goes on with the old code"
    )
    advice = "when it suits: `hwagent maintenance on`, systemctl restart hwagent-holder, and off"
    yield Finding("holder", Health.DEGRADED, found, advice)


def secrets(config: Config) -> Iterator[Finding]:
    """Whether the agent can read the files that the configuration names, as the user that it is."""
    files = [f for f in sorted(set(named(config))) if not f.startswith(_CREDENTIALS)]
    if not files:
        return
    uids, me = _uids(), os.geteuid()
    if uids and me not in (0, *uids):
        yield Finding("secrets", Health.UNKNOWN, f"only root can say what {USER} can read", _ROOT)
        return
    cannot = unreadable(files, USER if uids and me == 0 else "")
    who = USER if uids else "this user"
    for file, why in cannot.items():
        advice = f"chgrp {USER} {file}; chmod 640 {file}" if uids else ""
        yield Finding("secrets", Health.DEGRADED, f"{who} cannot read {file}: {why}", advice)
    if not cannot:
        yield Finding("secrets", Health.OK, f"{who} can read {', '.join(files)}")


def named(value: Any) -> Iterator[str]:
    """All files that a configuration names by a key that ends in ``_file``."""
    if isinstance(value, msgspec.Struct):
        for key in value.__struct_fields__:
            item = getattr(value, key)
            if not key.endswith("_file"):
                yield from named(item)
            elif item:
                yield item
    elif isinstance(value, Mapping):
        yield from named(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from named(item)


def unreadable(files: Collection[str], user: str) -> dict[str, str]:
    """Which files a user cannot read, and why: tried by a process that becomes this user, if one is
    named."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        _try(files, user, mouth)
    os.close(mouth)
    with os.fdopen(ear, "rb") as told:
        found = told.read()
    os.waitpid(pid, 0)
    nobody = dict.fromkeys(files, f"nobody could become {user}")
    return msgspec.json.decode(found, type=dict[str, str]) if found else nobody


def _try(files: Collection[str], user: str, mouth: int) -> NoReturn:
    try:
        if user:
            entry = pwd.getpwnam(user)
            os.initgroups(user, entry.pw_gid)
            os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
            os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
        os.write(mouth, msgspec.json.encode({f: why for f in files if (why := _why(f))}))
    finally:
        os._exit(0)


def _why(file: str) -> str:
    try:
        os.close(os.open(file, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as e:
        return e.strerror or str(e)
    return ""


def _uids() -> tuple[int, ...]:
    try:
        return (pwd.getpwnam(USER).pw_uid,)
    except KeyError:
        return ()
