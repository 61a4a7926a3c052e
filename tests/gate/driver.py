"""Runs in the host's namespace: has a gate of the kind named and obeys lines; answers ``ok``, or
the error. After ``pause`` it believes that no time passes, as if it stood still everywhere."""

import functools
import socket
import sys
from collections.abc import Callable

from hwagent.gate import tickets
from hwagent.gate.deadlines import boot_ns
from hwagent.gate.kernel import Gate
from hwagent.gate.nftables import Table

#: Opens an address, or its slot, until a time.
Open = Callable[[str, int, int], None]


def gate_of(kind: str) -> tuple[Gate | Table, Open]:
    """A gate, and how it is opened."""
    if kind == "nftables":
        opener = tickets.Tickets()
        return Table(), lambda address, slot, until: opener.open_until(address, until)
    gate = Gate()
    return gate, lambda address, slot, until: gate.deadlines.open_until(slot, until)


def main() -> None:
    gate, open_ = gate_of(sys.argv[1])
    slots: dict[int, str] = {}
    for line in sys.stdin:
        word, *rest = line.split()
        try:
            match word:
                case "bear":
                    slots[int(rest[1])] = rest[0]
                    gate.bear({rest[0]: int(rest[1])})
                case "spare":
                    gate.spare({rest[0]: int(rest[1])})
                case "attach":
                    gate.attach(socket.if_nametoindex(rest[0]))
                case "detach" if isinstance(gate, Gate):
                    gate.detach(socket.if_nametoindex(rest[0]))
                case "open":
                    slot = int(rest[0])
                    open_(slots[slot], slot, boot_ns() + int(float(rest[1]) * 1e9))
                case "shut":
                    open_(slots[int(rest[0])], int(rest[0]), 0)
                case "shut-all":
                    gate.shut({address: slot for slot, address in slots.items()})
                case "clear":
                    gate.clear({address: slot for slot, address in slots.items()})
                case "pause":
                    tickets.boot_ns = functools.partial(int, boot_ns())
        except (OSError, ValueError) as e:
            print(e, flush=True)
        else:
            print("ok", flush=True)


main()
