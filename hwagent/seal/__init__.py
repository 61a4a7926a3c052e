"""Packets that nobody forges, reads or plays again: what gossip and leases go through.

``channel.py`` is all of it, ``sealer.py`` what stands on the wire. Nothing in here has a clock, a
socket or randomness: times and numbers of sessions are given. Only ``keystore.py`` has files.
"""
