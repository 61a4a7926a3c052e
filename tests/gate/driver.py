"""Runs in the host's namespace: loads the gate and obeys lines; answers ``ok``, or the error."""

import socket
import sys

from hwagent.gate.deadlines import boot_ns
from hwagent.gate.kernel import Gate


def main() -> None:
    gate = Gate()
    for line in sys.stdin:
        word, *rest = line.split()
        try:
            match word:
                case "bear":
                    gate.bear(rest[0], int(rest[1]))
                case "spare":
                    gate.spare(rest[0])
                case "attach":
                    gate.attach(socket.if_nametoindex(rest[0]))
                case "detach":
                    gate.detach(socket.if_nametoindex(rest[0]))
                case "open":
                    gate.deadlines.open_until(int(rest[0]), boot_ns() + int(float(rest[1]) * 1e9))
                case "shut":
                    gate.deadlines.shut(int(rest[0]))
        except (OSError, ValueError) as e:
            print(e, flush=True)
        else:
            print("ok", flush=True)


main()
