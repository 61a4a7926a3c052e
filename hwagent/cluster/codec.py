"""Messages as MessagePack and back. Whatever comes in, a message or CodecError comes out."""

from typing import Any

import msgspec

from .messages import AnyMessage, Message

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(AnyMessage)


class CodecError(Exception):
    """Not a message that this version knows."""


def encode(message: Message) -> bytes:
    """One message as bytes."""
    return _ENCODER.encode(message)


def encode_value(value: Any) -> bytes:
    """A part of a message as bytes, to know how long it is."""
    return _ENCODER.encode(value)


def decode(data: bytes) -> AnyMessage:
    """One message. Raises CodecError for garbage, nesting bombs, and kinds of the future."""
    try:
        said: AnyMessage = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise CodecError(str(e)) from None
    return said
