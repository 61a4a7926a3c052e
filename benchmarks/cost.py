"""What watching costs: processor time, memory and the time of /metrics, beside node_exporter.

``python -m benchmarks.cost [--seconds 120]`` runs the agent on this host and on a simulated server
of 60 disks, 24 arrays, 16 NICs and 300 sensors, polled as by default, and prometheus-node-exporter
scraped every 15 s, all in the same run. Ends with one line of JSON.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from .hosts import LARGE, large

PORT = 19100
SCRAPE = 15.0
ROUNDS = 30


class Unix(http.client.HTTPConnection):
    """HTTP over the agent's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("hwagent", timeout=30)
        self.path = path

    def connect(self) -> None:
        """Connects."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def usage(pid: int) -> dict[str, Any]:
    """Processor seconds and proportional memory of a process and its descendants."""
    seconds, pss, names = 0.0, {}, {}
    for process in family(pid):
        try:
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
            size = process.memory_full_info().pss
            key = " ".join(process.cmdline()[1:4])[:60]
            pss[key] = pss.get(key, 0) + size
            names[key] = names.get(key, 0) + 1
        except psutil.NoSuchProcess:
            continue
    return {"seconds": seconds, "pss": sum(pss.values()), "by_process": pss, "count": names}


def metrics_time(connect: Any) -> tuple[float, int]:
    """Median seconds of one GET /metrics, and its lines."""
    times, lines = [], 0
    for _ in range(ROUNDS):
        connection = connect()
        start = time.perf_counter()
        connection.request("GET", "/metrics")
        body = connection.getresponse().read()
        times.append(time.perf_counter() - start)
        connection.close()
        lines = sum(1 for line in body.splitlines() if not line.startswith(b"#"))
    return sorted(times)[ROUNDS // 2], lines


def wait_ready(path: str) -> None:
    """Until the agent's first round is done."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            connection = Unix(path)
            connection.request("GET", "/v1/status")
            if json.loads(connection.getresponse().read())["ready"]:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("the agent did not become ready")


def start_agent(directory: Path, root: str) -> tuple[subprocess.Popen[bytes], str]:
    """An agent of its own, with its sockets and journal in a directory."""
    argv = [sys.executable, "-m", "hwagent.cli", "run", "--root", root, "--log-level", "error"]
    argv += [
        "--runtime-directory",
        str(directory / "run"),
        "--state-directory",
        str(directory / "lib"),
    ]
    process = subprocess.Popen(argv)
    path = str(directory / "run" / "hwagent.sock")
    wait_ready(path)
    return process, path


def scrape(connects: list[Any], stop: threading.Event) -> None:
    """GETs /metrics of everybody every 15 s, as Prometheus would."""
    while not stop.wait(SCRAPE):
        for connect in connects:
            connection = connect()
            connection.request("GET", "/metrics")
            connection.getresponse().read()
            connection.close()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    exporter = shutil.which("prometheus-node-exporter")
    processes: dict[str, subprocess.Popen[bytes]] = {}
    connects: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="hwagent-cost-") as directory:
        place = Path(directory)
        large(place / "large", **LARGE)
        try:
            for name, root in (("host", "/"), ("large", str(place / "large"))):
                processes[name], path = start_agent(place / f"agent-{name}", root)
                connects[name] = lambda path=path: Unix(path)
            if exporter:
                address = f"127.0.0.1:{PORT}"
                argv = [exporter, f"--web.listen-address={address}", "--log.level=error"]
                processes["node_exporter"] = subprocess.Popen(argv)
                connects["node_exporter"] = lambda: http.client.HTTPConnection("127.0.0.1", PORT)
            time.sleep(3)
            report(measure(processes, connects, arguments.seconds), arguments.seconds)
        finally:
            for process in processes.values():
                process.send_signal(signal.SIGTERM)
            for process in processes.values():
                process.wait(20)


def measure(processes: Any, connects: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Use over a span of time, with everybody scraped alike."""
    stop = threading.Event()
    scraper = threading.Thread(target=scrape, args=(list(connects.values()), stop))
    before = {n: usage(p.pid)["seconds"] for n, p in processes.items()}
    scraper.start()
    time.sleep(seconds)
    stop.set()
    scraper.join()
    result = {}
    for name, process in processes.items():
        after = usage(process.pid)
        after["seconds"] -= before[name]
        after["metrics_seconds"], after["lines"] = metrics_time(connects[name])
        result[name] = after
    return result


def report(result: dict[str, Any], seconds: float) -> None:
    """A table for people and a line for programs."""
    short = {}
    for name, use in result.items():
        short[name] = {
            "core_percent": round(100 * use["seconds"] / seconds, 3),
            "cpu_seconds_per_hour": round(3600 * use["seconds"] / seconds, 2),
            "pss_mib": round(use["pss"] / 2**20, 1),
            "metrics_ms": round(1000 * use["metrics_seconds"], 2),
            "lines": use["lines"],
            "us_per_line": round(1e6 * use["metrics_seconds"] / max(1, use["lines"]), 2),
        }
        print(name, short[name])
        for key, size in sorted(use["by_process"].items(), key=lambda item: -item[1]):
            print(f"    {size / 2**20:6.1f} MiB  {use['count'][key]} x {key}")
    print(json.dumps({"benchmark": "cost", "seconds": seconds, "cores": os.cpu_count(), **short}))


main()
