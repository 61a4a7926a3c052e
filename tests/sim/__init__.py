"""The lease in virtual time: random schedules of faults, and what must never be."""
