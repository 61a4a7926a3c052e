"""The unit files as they are shipped, and processes run as they say, without systemd."""

import shlex
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SYSTEMD = REPOSITORY / "systemd"
#: Stands for the user hwagent, whom there need not be on the machine that tests.
NOBODY = 65534
#: Debian's: the one that runs the tests may lie where only root gets to.
PYTHON = "/usr/bin/python{}.{}".format(*sys.version_info)


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
    ambient = ",".join(["-all", *(f"+{c}" for c in capabilities(unit, "AmbientCapabilities"))])
    bounds = ",".join(["-all", *(f"+{c}" for c in capabilities(unit, "CapabilityBoundingSet"))])
    root = settings(unit)["User"] == ["root"]
    return [
        "setpriv", f"--reuid={0 if root else NOBODY}", f"--regid={NOBODY}", "--clear-groups",
        f"--inh-caps={ambient}", f"--ambient-caps={ambient}", f"--bounding-set={bounds}",
        "--no-new-privs",
    ]  # fmt: skip


def command(unit: str, runtime: Path) -> list[str]:
    """What the unit runs, with its sockets below a directory."""
    (line,) = settings(unit)["ExecStart"]
    program, *arguments = shlex.split(line.replace("/run/", f"{runtime}/"))
    module = [] if program.endswith("/python") else ["-m", "hwagent.cli"]
    packages = f"PYTHONPATH={REPOSITORY}:{sysconfig.get_path('purelib')}"
    return ["env", packages, PYTHON, *module, *arguments]
