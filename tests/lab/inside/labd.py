"""Runs on a machine of the lab: does what comes over its virtio-serial port, one JSON line each.

``sh`` runs a command; ``get`` asks the agent by its query socket and ``read`` reads a file without
starting anything: it works on a machine whose disk is gone, and is less work to an emulated one.
Anything else only tells the clocks. Needs no network.
"""

import ctypes
import glob
import http.client
import json
import os
import socket
import subprocess
import threading
import time

NAMES = "/sys/class/virtio-ports/*/name"
SOCKET = "/run/hwagent/hwagent.sock"
_MCL_CURRENT, _MCL_FUTURE = 1, 2


class Query(http.client.HTTPConnection):
    """HTTP over the query socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(SOCKET)


def sh(command, timeout):
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )
    return {"status": done.returncode, "text": done.stdout.decode("utf-8", "replace")}


def get(path):
    query = Query("h")
    try:
        query.request("GET", path)
        answer = query.getresponse()
        return {"status": answer.status, "text": answer.read().decode()}
    finally:
        query.close()


def read(path):
    try:
        with open(path) as file:
            return {"status": 0, "text": file.read()}
    except FileNotFoundError:
        return {"status": 1, "text": ""}


def perform(request):
    try:
        if "sh" in request:
            answer = sh(request["sh"], request["timeout"])
        elif "get" in request:
            answer = get(request["get"])
        elif "read" in request:
            answer = read(request["read"])
        else:
            answer = {"status": 0, "text": ""}
    except Exception as e:
        answer = {"status": -1, "text": f"{type(e).__name__}: {e}"}
    return {
        "id": request["id"],
        "boot": time.clock_gettime(time.CLOCK_BOOTTIME),
        "wall": time.time(),
        **answer,
    }


def port():
    """The kernel's device of the port, which is there long before udev has named it."""
    while True:
        for name in glob.glob(NAMES):
            with open(name) as file:
                if file.read().strip() == "lab":
                    return "/dev/" + name.split("/")[-2]
        time.sleep(0.2)


def main():
    # what it needs stays in memory, whatever becomes of the disk
    ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE)
    fd = os.open(port(), os.O_RDWR)
    lock = threading.Lock()

    def serve(line):
        answer = json.dumps(perform(json.loads(line))).encode() + b"\n"
        with lock:
            while answer:
                answer = answer[os.write(fd, answer) :]

    buffer = b""
    while True:
        data = os.read(fd, 65536)
        if not data:  # nobody at the other end yet
            time.sleep(0.1)
        *lines, buffer = (buffer + data).split(b"\n")
        for line in filter(None, lines):
            threading.Thread(target=serve, args=(line,), daemon=True).start()


main()
