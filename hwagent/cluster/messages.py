"""What members say to each other. Each is an array that starts with its number.

Fields are only ever appended, with a default: an older agent ignores what it does not know, a newer
one takes the default. What cannot be said so gets a new number. The version of the whole is in the
head of each packet (hwagent/seal).
"""

from typing import Annotated

import msgspec

#: Oldest and newest version of the protocol that this code speaks.
OLDEST, NEWEST = 1, 1

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Count = Annotated[int, msgspec.Meta(ge=0)]
#: A value in a member's status.
Value = bool | int | float | Annotated[str, msgspec.Meta(max_length=1000)] | None


class Message(msgspec.Struct, frozen=True, array_like=True):
    """Base of everything on the wire."""


class Endpoint(Message, frozen=True):
    """Where a member listens, UDP and TCP: the name of the network, address and port."""

    link: Annotated[str, msgspec.Meta(max_length=32)]
    host: Annotated[str, msgspec.Meta(max_length=64)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]


Endpoints = Annotated[tuple[Endpoint, ...], msgspec.Meta(max_length=8)]
Labels = Annotated[dict[str, Text], msgspec.Meta(max_length=16)]


class Ping(Message, frozen=True, tag=1):
    """Are you there, ``target``? Answered by Ack with the same number."""

    number: Count
    target: Name
    source: Name


class Ack(Message, frozen=True, tag=2):
    """I am. ``coordinate`` is packed by coordinates.py; ``status`` the version of my status."""

    number: Count
    source: Name
    coordinate: Annotated[bytes, msgspec.Meta(max_length=64)] = b""
    status: Count = 0


class Nack(Message, frozen=True, tag=3):
    """I asked in your place and heard nothing yet; but I am there."""

    number: Count
    source: Name


class IndirectPing(Message, frozen=True, tag=4):
    """Ping ``target`` for me; I wait for ``within`` milliseconds from my sending."""

    number: Count
    target: Name
    source: Name
    within: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]


class Alive(Message, frozen=True, tag=5):
    """A member says that it is there, and where, and which versions it speaks.

    ``session`` is the number of its present life; only the member itself raises ``incarnation``.
    """

    name: Name
    incarnation: Count
    endpoints: Endpoints
    session: Count
    labels: Labels = {}
    speaks: tuple[int, int] = (1, 1)


class Suspect(Message, frozen=True, tag=6):
    """A member got no answer from another; ``evidence`` says how it asked."""

    name: Name
    incarnation: Count
    accuser: Name
    evidence: Text = ""


class Dead(Message, frozen=True, tag=7):
    """A suspect did not refute in time; said by the member itself, it is leaving."""

    name: Name
    incarnation: Count
    accuser: Name


class Conflict(Message, frozen=True, tag=8):
    """Two hosts want one name: told to both."""

    name: Name
    holder: Endpoints
    claimant: Endpoints


class StatusDelta(Message, frozen=True, tag=9):
    """What changed in the status of ``owner`` after version ``since`` up to ``until``.

    ``age`` is how many milliseconds ago the owner said so. Since 0 means that this is all there is.
    """

    owner: Name
    session: Count
    since: Count
    until: Count
    age: Count
    changes: Annotated[tuple[tuple[Text, Count, Value], ...], msgspec.Meta(max_length=256)]


class StatusPull(Message, frozen=True, tag=10):
    """Tell me the status of ``owner`` after version ``since`` of that session."""

    owner: Name
    session: Count
    since: Count


class Entry(Message, frozen=True):
    """One member as another knows it; ``state`` is a number of member.State."""

    alive: Alive
    state: Annotated[int, msgspec.Meta(ge=0, le=3)]


class StatusVersion(Message, frozen=True):
    """Up to where a member knows another's status, and how many milliseconds ago it was true."""

    owner: Name
    session: Count
    version: Count
    age: Count


class Keys(Message, frozen=True, tag=11):
    """The keyring; only ever sent inside a sealed stream. The first key seals."""

    version: Count
    keys: Annotated[tuple[Text, ...], msgspec.Meta(max_length=8)]


class Sync(Message, frozen=True, tag=12):
    """Everything that a member knows, in one exchange over TCP (push and pull)."""

    source: Name
    members: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=100_000)]
    versions: Annotated[tuple[StatusVersion, ...], msgspec.Meta(max_length=100_000)] = ()
    deltas: Annotated[tuple[StatusDelta, ...], msgspec.Meta(max_length=100_000)] = ()
    keys: Keys | None = None


class Letter(Message, frozen=True, tag=13):
    """Bytes for the agent of one member, about a ``subject``: gossip only carries them.

    It may get lost, come twice or late.
    """

    source: Name
    subject: Text
    data: Annotated[bytes, msgspec.Meta(max_length=4096)]


AnyMessage = (
    Ping
    | Ack
    | Nack
    | IndirectPing
    | Alive
    | Suspect
    | Dead
    | Conflict
    | StatusDelta
    | StatusPull
    | Sync
    | Keys
    | Letter
)
