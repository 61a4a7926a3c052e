"""Switches and whatever else speaks SNMP: recorded or polled walks, turned into samples."""
