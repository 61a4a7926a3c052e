"""What polling switches costs, beside net-snmp in the same run.

``python -m benchmarks.snmp [--seconds 130]``: a full poll of a switch of 48 ports and 300 sensors
that snmpsim plays, beside ``snmpbulkwalk`` of the same tables; then an agent that polls 50 such
switches every 30 s, and what it and its process for switches use of a core. Needs root, net-snmp.
Ends with one line of JSON.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from hwagent.config.switches import Switch
from hwagent.config.units import Duration
from hwagent.snmp.access import access
from hwagent.snmp.makers import shipped_makers
from hwagent.snmp.messages import FromPoller, Polled
from hwagent.snmp.poller import Poller
from hwagent.snmp.session import Session
from tests.snmp.agents import free_port, snmpsim

from .processes import Family
from .switch import TABLES, recording

SWITCHES, INTERVAL = 50, 30.0
TURNS = 3
READY = 900.0
#: The agent of this directory, whatever is installed.
_START = "from hwagent.cli import main; main()"


def full(work: Path) -> dict[str, float]:
    """Seconds of a full poll and of net-snmp's walk, by turns."""
    data = work / "recordings"
    data.mkdir()
    (data / "made.snmprec").write_bytes(recording())
    ours, theirs = [], []
    with snmpsim(data, work) as port:
        asyncio.run(_poll(work, port))  # snmpsim makes its index
        for _ in range(TURNS):
            began = time.monotonic()
            asyncio.run(_poll(work, port))
            ours.append(time.monotonic() - began)
            began = time.monotonic()
            _walk(port)
            theirs.append(time.monotonic() - began)
    return {"poll": median(ours), "snmpbulkwalk": median(theirs)}


async def _poll(work: Path, port: int) -> None:
    file = work / "community"
    file.write_text("made\n")
    told: list[FromPoller] = []
    waits = {"timeout": Duration(10), "interval": Duration(600)}  # so that one round is all of it
    of = Switch(name="sw1", address="127.0.0.1", port=port, community_file=str(file), **waits)
    await Poller(of, Session(access(of), 10.0), shipped_makers(), told.append).round()
    [polled] = told
    assert isinstance(polled, Polled)
    assert len(polled.samples) > 300, polled.why


def _walk(port: int) -> None:
    options = ("-v2c", "-c", "made", "-On", "-m", "", "-t", "10", f"127.0.0.1:{port}")
    for table in TABLES:
        subprocess.run(["snmpbulkwalk", *options, table], check=True, capture_output=True)


def many(work: Path, seconds: float) -> dict[str, float]:
    """Shares of a core that an agent with many switches uses, by process."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.switch", str(SWITCHES), str(port)]
    farm = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert farm.stdout is not None
    farm.stdout.readline()
    config = work / "hwagent.yaml"
    config.write_text(_config(work, port))
    agent = Family(
        "agent", [sys.executable, "-c", _START, "run", "-c", str(config)],
        stdout=subprocess.DEVNULL, stderr=(work / "agent.log").open("w"),
    )  # fmt: skip
    try:
        _ready(work)
        before, began = agent.seconds_by_kind(), time.monotonic()
        time.sleep(seconds)
        spent = Counter(agent.seconds_by_kind())
        spent.subtract(before)
        return {k: n / (time.monotonic() - began) for k, n in spent.items()}
    finally:
        agent.end()
        farm.kill()
        farm.wait()


def _ready(work: Path) -> None:
    """Waits until all switches have been read whole."""
    socket, deadline = work / "run" / "hwagent.sock", time.monotonic() + READY
    while time.monotonic() < deadline:
        found = subprocess.run(
            ["curl", "-s", "--unix-socket", str(socket), "http://h/v1/components"],
            capture_output=True,
        ).stdout
        if found.count(b'"port:') >= SWITCHES * 48:
            return
        time.sleep(2)
    raise AssertionError((work / "agent.log").read_text()[-2000:])


def _config(work: Path, port: int) -> str:
    (work / "community").write_text("public\n")
    lines = [f"runtime_directory: {work / 'run'}", f"state_directory: {work / 'state'}"]
    lines += ["switches:"]
    lines += [
        f"- {{name: sw{n}, address: 127.0.1.{n}, port: {port},"
        f" community_file: {work / 'community'}, interval: {INTERVAL}s}}"
        for n in range(1, SWITCHES + 1)
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Runs both; the exit status says whether the bounds hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4 * INTERVAL + 10)
    parser.add_argument("--only", choices=("full", "many"))
    options = parser.parse_args()
    if not shutil.which("snmpbulkwalk"):
        print("snmpbulkwalk is not installed: apt install snmp")
        return 0
    told: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        if options.only != "many":
            times = full(Path(place))
            told |= {**times, "ratio": times["poll"] / times["snmpbulkwalk"]}
            print(f"full poll {times['poll']:.2f} s, snmpbulkwalk {times['snmpbulkwalk']:.2f} s,"
                  f" ratio {told['ratio']:.2f}, at most 1.5")  # fmt: skip
        if options.only != "full":
            shares = many(Path(place), options.seconds)
            told |= {f"share {k}": n for k, n in shares.items()} | {"share": sum(shares.values())}
            for name, share in sorted(shares.items()):
                print(f"{name:24} {share:7.1%} of a core")
            print(f"{SWITCHES} switches every {INTERVAL:g} s: {told['share']:.1%}, at most 15 %")
    print(json.dumps({k: round(n, 4) for k, n in told.items()}))
    return int(told.get("ratio", 0) > 1.5 or told.get("share", 0) > 0.15)


if __name__ == "__main__":
    sys.exit(main())
