"""The gate in the kernel: packets of a virtual IP pass only before an absolute deadline.

``gate.bpf.c`` is the program, ``kernel`` loads it (root), ``deadlines`` is its mapping, which the
holder writes and the helper may shut. DESIGN.md section 5.2, LAB.md section 1.
"""

from .deadlines import SLOTS, Deadlines, boot_ns

__all__ = ["SLOTS", "Deadlines", "boot_ns"]
