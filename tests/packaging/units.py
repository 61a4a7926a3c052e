"""The unit files as they are shipped, and processes run as they say, without systemd."""

import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SYSTEMD = REPOSITORY / "systemd"
#: Stands for the user hwagent, whom there need not be on the machine that tests.
NOBODY = 65534
#: Debian's: the one that runs the tests may lie where only root gets to.
PYTHON = "/usr/bin/python{}.{}".format(*sys.version_info)
#: Limits by which a unit needs no capability, and the capability that does as much without.
_LIMITS = {"LimitMEMLOCK": "--memlock=unlimited", "LimitRTPRIO": "--rtprio=5"}
_INSTEAD = {"LimitMEMLOCK": "ipc_lock", "LimitRTPRIO": "sys_nice"}


def settings(unit: str, section: str = "Service") -> dict[str, list[str]]:
    """The settings of a section; those that are given more than once have several values."""
    found: dict[str, list[str]] = {}
    within = ""
    for line in (SYSTEMD / unit).read_text().splitlines():
        if line.startswith("["):
            within = line.strip("[]")
        elif within == section and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def capabilities(unit: str, setting: str) -> list[str]:
    """Names as setpriv(1) takes them."""
    words = " ".join(settings(unit).get(setting, [])).split()
    return [word.removeprefix("CAP_").lower() for word in words]


def privileges(unit: str) -> list[str]:
    """The command that gives a process what its unit gives it, and takes the rest."""
    limits = [option for name, option in _LIMITS.items() if name in settings(unit)]
    raise_limits = ["prlimit", *limits] if limits and _may_raise() else []
    instead = [] if raise_limits else [_INSTEAD[name] for name in _LIMITS if name in settings(unit)]
    given = [*capabilities(unit, "AmbientCapabilities"), *instead]
    root = settings(unit)["User"] == ["root"]
    ambient = ",".join(["-all", *(f"+{c}" for c in ([] if root else given))])
    bounds = [*capabilities(unit, "CapabilityBoundingSet"), *instead]
    return [
        *raise_limits, "setpriv", f"--reuid={0 if root else NOBODY}", f"--regid={NOBODY}",
        "--clear-groups", f"--inh-caps={ambient}", f"--ambient-caps={ambient}",
        f"--bounding-set={','.join(['-all', *(f'+{c}' for c in bounds)])}", "--no-new-privs",
    ]  # fmt: skip


def _may_raise() -> bool:
    """Whether limits can be raised here: root of a container often may not."""
    return (
        subprocess.run(["prlimit", *_LIMITS.values(), "true"], capture_output=True).returncode == 0
    )


def command(unit: str, runtime: Path) -> list[str]:
    """What the unit runs, with its sockets below a directory."""
    (line,) = settings(unit)["ExecStart"]
    program, *arguments = shlex.split(line.replace("/run/", f"{runtime}/"))
    module = [] if program.endswith("/python") else ["-m", "hwagent.cli"]
    packages = f"PYTHONPATH={REPOSITORY}:{sysconfig.get_path('purelib')}"
    return ["env", packages, PYTHON, *module, *arguments]
