"""Telling people: what to tell whom and when (pure), and one file for each way of telling."""

from .hold import Hold, Picture, Place
from .receivers import Receiver, receivers
from .schedule import Delivery, Schedule
from .silence import Acks, Silence, Silences

__all__ = [
    "Acks",
    "Delivery",
    "Hold",
    "Picture",
    "Place",
    "Receiver",
    "Schedule",
    "Silence",
    "Silences",
    "receivers",
]
