"""What a turn of the holder has heard, and has to do about it later in it or in one of the next."""

import math

import msgspec


class Todo(msgspec.Struct):
    """Notes that whoever hears something leaves for the loop.

    ``decide``: the machine has to be asked what is to be done. ``read``: the kernel's addresses are
    to be read anew. ``sweep``: a plan has left garbage. ``breathe_at`` is when the gate is opened
    again for addresses of no group, in seconds of CLOCK_BOOTTIME.
    """

    decide: bool = True
    read: bool = True
    sweep: bool = False
    breathe_at: float = -math.inf
