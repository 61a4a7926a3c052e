"""Imported by every Python that has this directory in PYTHONPATH: makes it an hwagent of the next
version of both protocols, to be tried beside the present one. Gossip has a head with version 2 and
speaks 1 too; messages of the lease have version 2 and fields that version 1 does not know."""

import msgspec

import hwagent.cluster.messages as gossip
import hwagent.lease.messages as lease

_present = lease.encode


def _encode(message: lease.Message) -> bytes:
    kind, _, *fields = msgspec.msgpack.decode(_present(message))
    return msgspec.msgpack.encode([kind, 2, *fields, {"of": ["the", "next"]}, 7])


gossip.NEWEST = 2
lease.encode = _encode
