"""What watching costs: processor time, memory and the time of /metrics, beside node_exporter.

``python -m benchmarks.cost [--seconds 180]`` runs the agent as it is by default on this host, again
with a virtual IP (in a network namespace; holder and guardian are then there too), and on a
simulated server of 60 disks, 24 arrays, 16 NICs and 300 sensors that is at work; and
prometheus-node-exporter on this host and on the same server. All are scraped every 15 s in the same
run. Needs root. Ends with one line of JSON.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .hosts import LARGE, large, work
from .processes import Family, Memory

PORT = 19100
#: Prometheus' usual interval, and how often the simulated server's files change; seconds.
SCRAPE, WORK = 15.0, 5.0
ROUNDS = 30
READY = 120.0
#: After the first round, before anything is counted: workers that it needed are let go.
SETTLE = 65.0
MIB = 2**20
Connect = Callable[[], http.client.HTTPConnection]


class Unix(http.client.HTTPConnection):
    """HTTP over the agent's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("hwagent", timeout=30)
        self.path = path

    def connect(self) -> None:
        """Connects."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Subject:
    """One program that is measured."""

    def __init__(self, family: Family, connect: Connect) -> None:
        self.family = family
        self.connect = connect
        self._began = 0.0
        self._began_by_kind: Counter[str] = Counter()

    def begin(self) -> None:
        """From now on its processor time counts."""
        self._began, self._began_by_kind = self.family.seconds(), self.family.seconds_by_kind()

    def used(self) -> tuple[float, Counter[str]]:
        """Processor seconds since ``begin``: of all, and by kind of those that are there."""
        by_kind = self.family.seconds_by_kind()
        by_kind.subtract(self._began_by_kind)
        return self.family.seconds() - self._began, by_kind

    def get(self, path: str) -> bytes:
        """One request. Raises OSError."""
        connection = self.connect()
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()


def agent(place: Path, name: str, root: str = "/", prefix: tuple[str, ...] = (), **config: Any):
    """An agent of its own, with its sockets and its journal in a directory."""
    directory = place / name
    directory.mkdir()
    (directory / "hwagent.yaml").write_text(json.dumps(config))
    argv = [*prefix, sys.executable, "-m", "hwagent.cli", "run", "--root", root]
    argv += ["--config", str(directory / "hwagent.yaml"), "--log-level", "error"]
    argv += ["--runtime-directory", str(directory / "run")]
    argv += ["--state-directory", str(directory / "lib")]
    path = str(directory / "run" / "hwagent.sock")
    return Subject(Family(name, argv), lambda: Unix(path))


def exporter(name: str, port: int, root: str) -> Subject:
    """A node_exporter with its own defaults. It complains of what the host lacks; we do not."""
    argv = [shutil.which("prometheus-node-exporter") or "prometheus-node-exporter"]
    argv += [f"--web.listen-address=127.0.0.1:{port}"]
    argv += [f"--path.sysfs={root}sys", f"--path.procfs={root}proc"]
    family = Family(name, argv, stderr=subprocess.DEVNULL)
    return Subject(family, lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30))


@contextmanager
def namespace() -> Iterator[str]:
    """A network namespace with a veth pair, so that a virtual IP is nobody's but ours."""
    name = f"hwagent-bench-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for words in ("link add veth0 type veth peer name veth1", "link set veth0 up",
                      "link set veth1 up", "link set lo up"):  # fmt: skip
            subprocess.run(["ip", "-n", name, *words.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def wait_ready(subject: Subject, path: str, ready: Callable[[bytes], bool]) -> None:
    """Until a request is answered as wanted."""
    end = time.monotonic() + READY
    while time.monotonic() < end:
        try:
            if ready(subject.get(path)):
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{subject.family.name} did not become ready")


def every(seconds: float, do: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """Does something again and again until told to stop."""

    def run() -> None:
        while not stop.wait(seconds):
            do()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def measure(subjects: list[Subject], do_work: Callable[[], None], seconds: float) -> dict[str, Any]:
    """Use over a span of time, with everybody scraped alike."""
    stop = threading.Event()
    threads = [
        every(SCRAPE, lambda: [s.get("/metrics") for s in subjects] and None, stop),
        every(WORK, do_work, stop),
    ]
    try:
        time.sleep(SETTLE)
        for subject in subjects:
            subject.begin()
        time.sleep(seconds)
        spent = {s.family.name: s.used() for s in subjects}
        memory = {s.family.name: s.family.memory() for s in subjects}
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    times = metrics_times(subjects)
    for name, weight in memory.items():
        show(name, weight, spent[name][1], seconds)
    return {n: figures(spent[n][0] / seconds, memory[n], *times[n]) for n in spent}


def metrics_times(subjects: list[Subject]) -> dict[str, tuple[float, int]]:
    """Median seconds of one GET /metrics, and its lines, of all subjects in turn."""
    times: dict[str, list[float]] = {s.family.name: [] for s in subjects}
    lines: dict[str, int] = {}
    for _ in range(ROUNDS):
        for subject in subjects:
            start = time.perf_counter()
            body = subject.get("/metrics")
            times[subject.family.name].append(time.perf_counter() - start)
            lines[subject.family.name] = sum(not x.startswith(b"#") for x in body.splitlines())
    return {name: (sorted(t)[ROUNDS // 2], lines[name]) for name, t in times.items()}


def figures(share: float, memory: Memory, seconds: float, lines: int) -> dict[str, float]:
    """What is reported of one subject."""
    return {
        "core_percent": round(100 * share, 3),
        "cpu_seconds_per_hour": round(3600 * share, 2),
        "pss_mib": round(memory.pss.total() / MIB, 1),
        "alone_mib": round(memory.alone / MIB, 1),
        "metrics_ms": round(1000 * seconds, 2),
        "lines": lines,
        "us_per_line": round(1e6 * seconds / max(1, lines), 2),
    }


def show(name: str, memory: Memory, spent: Counter[str], seconds: float) -> None:
    """Which processes weigh and take what."""
    print(f"{name:36} {'MiB PSS':>8} {'core %':>8}")
    for kind, size in memory.pss.most_common():
        label, share = f"    {memory.count[kind]} x {kind}", 100 * spent[kind] / seconds
        print(f"{label:36} {size / MIB:8.1f} {share:8.3f}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=180)
    seconds = parser.parse_args().seconds
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hwagent-cost-")))
        server = large(place / "server", **LARGE)
        space = stack.enter_context(namespace())
        vip = {"address": "192.0.2.10/32", "interfaces": ["veth0"]}
        enter = ("ip", "netns", "exec", space)
        subjects: list[Subject] = []
        for start in (
            lambda: agent(place, "host"),
            lambda: agent(place, "host_with_vip", prefix=enter, vips=[vip]),
            lambda: agent(place, "large", root=str(place / "server")),
            lambda: exporter("node_exporter", PORT, "/"),
            lambda: exporter("node_exporter_large", PORT + 1, f"{place}/server/"),
        ):
            subjects.append(start())
            stack.callback(subjects[-1].family.end)
        for subject in subjects[:3]:
            wait_ready(subject, "/v1/status", lambda body: bool(json.loads(body)["ready"]))
        for subject in subjects[3:]:
            wait_ready(subject, "/metrics", bool)
        report(measure(subjects, lambda: work(server, WORK), seconds), seconds)


def report(result: dict[str, dict[str, float]], seconds: float) -> None:
    """A table for people and a line for programs."""
    columns = list(next(iter(result.values())))
    print(f"{'':20}" + "".join(f"{c:>21}" for c in columns))
    for name, row in result.items():
        print(f"{name:20}" + "".join(f"{row[c]:21}" for c in columns))
    line = {"benchmark": "cost", "seconds": seconds, "cores": os.cpu_count(), **result}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
