"""Injects errors of PCI Express by the kernel's own means: ``aer.py BUS corrected|nonfatal COUNT``,
five a second. Source: drivers/pci/pcie/aer_inject.c, struct aer_error_inj."""

import struct
import sys
import time
from contextlib import suppress

#: Bits of the two status registers: receiver error, completion timeout (PCIe base specification).
KINDS = {"corrected": (0, 0x1), "nonfatal": (0x4000, 0)}


def main(bus, kind, count):
    error = struct.pack("<BBBxII4II", int(bus, 16), 0, 0, *KINDS[kind], 0, 0, 0, 0, 0)
    with open("/dev/aer_inject", "wb", buffering=0) as file:
        for _ in range(int(count)):
            with suppress(OSError):  # the one before is still looked at
                file.write(error)
            time.sleep(0.2)


main(*sys.argv[1:])
