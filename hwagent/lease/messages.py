"""What voters, owners and members send each other: MessagePack arrays with a number for the kind.

A newer version only adds fields at the end, which an older one skips; what it must not skip gets a
new kind. Encryption, authentication and replay protection are another layer's, around these bytes.
"""

from hashlib import blake2b
from typing import Annotated

import msgspec

#: The version that this code speaks; in every message.
VERSION = 1
#: The sequence number of a last will: nothing that its owner sent counts after it.
FINAL = (1 << 63) - 1
#: Most VIPs in one message: all claims of one host.
CLAIMS_MAX = 4096

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Number = Annotated[int, msgspec.Meta(ge=0, le=FINAL)]
Nonce = Annotated[int, msgspec.Meta(ge=1, le=FINAL)]
Digest = Number
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
_Many = msgspec.Meta(max_length=CLAIMS_MAX)


class Malformed(ValueError):
    """Bytes that are no message of ours."""


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """A VIP that an owner asks for or, if ``held``, has."""

    vip: Name
    epoch: Number
    held: bool = False


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """Why a voter did not grant a claim.

    Busy: promised to ``holder`` for another ``ms``; ``held`` if it has a majority, else it is
    asking too. Stale: free (``ms`` is 0), but the epoch must be higher than ``epoch``.
    """

    vip: Name
    ms: Milliseconds
    epoch: Number
    holder: str = ""
    held: bool = False


class Heartbeat(msgspec.Struct, frozen=True, array_like=True, tag=1, kw_only=True):
    """An owner or candidate to every voter: all that it claims.

    ``claims`` is missing if the voter has the list with this ``digest`` already. A claim that is
    missing in the list is given back. ``sets`` are the digests of the previous voter set (0 if
    there is none) and the present one. ``lease`` is the promise that is asked for. ``heard`` are
    the boot nonces of the voters who answered just now.
    """

    v: int = VERSION
    group: Name
    owner: Name
    nonce: Nonce
    seq: Number
    sets: tuple[Digest, Digest]
    lease: Milliseconds
    digest: Digest
    claims: Annotated[tuple[Claim, ...], _Many] | None = None
    heard: Annotated[tuple[tuple[Name, Nonce], ...], msgspec.Meta(max_length=256)] = ()


class Ack(msgspec.Struct, frozen=True, array_like=True, tag=2, kw_only=True):
    """A voter's answer: every claim of the heartbeat is granted but for the refusals.

    ``unknown``: nothing was granted, the list is wanted. ``foreign``: nothing was granted, the
    voter has another voter set. ``clock`` is the voter's own, in milliseconds.
    """

    v: int = VERSION
    group: Name
    voter: Name
    nonce: Nonce
    owner: Nonce
    seq: Number
    sets: tuple[Digest, Digest]
    clock: Number
    unknown: bool = False
    foreign: bool = False
    refusals: Annotated[tuple[Refusal, ...], _Many] = ()


class Release(msgspec.Struct, frozen=True, array_like=True, tag=3, kw_only=True):
    """An owner to voters and members: the gate of these claims is shut. None is all of them.

    The member named as ``successor`` asks at once, the others later.
    """

    v: int = VERSION
    group: Name
    owner: Name
    nonce: Nonce
    seq: Number
    claims: Annotated[tuple[Claim, ...], _Many] | None
    successor: str = ""


class Offer(msgspec.Struct, frozen=True, array_like=True, tag=4, kw_only=True):
    """An owner to all members: who has a better rank than this may have it.

    Or to the member named as ``successor`` alone: somebody wants it to go there, whatever its rank.
    """

    v: int = VERSION
    group: Name
    owner: Name
    vip: Name
    epoch: Number
    rank: Number
    successor: str = ""


class Accept(msgspec.Struct, frozen=True, array_like=True, tag=5, kw_only=True):
    """A member to the owner that offered a VIP: fit and ready to take it."""

    v: int = VERSION
    group: Name
    member: Name
    vip: Name
    epoch: Number


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=6, kw_only=True):
    """A host to all others on every network: whom it heard there lately, network by network.

    The lease does not look at it: it shows which network's port is mute (hwagent.vip.paths).
    """

    v: int = VERSION
    group: Name
    host: Name
    hears: Annotated[
        tuple[Annotated[tuple[Name, ...], msgspec.Meta(max_length=256)], ...],
        msgspec.Meta(max_length=16),
    ]


Message = Heartbeat | Ack | Release | Offer | Accept | Hello

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """The bytes of a message."""
    return _encoder.encode(message)


def decode(data: bytes) -> Message:
    """The message in these bytes. Raises Malformed."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise Malformed(str(e)) from None


def digest(claims: tuple[Claim, ...]) -> int:
    """The digest of a list of claims."""
    return short(_encoder.encode(claims))


def short(data: bytes) -> int:
    """A digest of 63 bits as a number: what fits into a signed integer everywhere."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 1
