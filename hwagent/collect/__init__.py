"""Collectors: one file per kind of hardware; see registry.py for the list."""
