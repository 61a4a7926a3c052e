"""Arguments of a control command, as the struct that describes them."""

from typing import Any, TypeVar

import msgspec

from hwagent.api.backend import Refused

T = TypeVar("T", bound=msgspec.Struct)


def convert(arguments: dict[str, Any], type: type[T]) -> T:
    """The arguments of one command. Raises Refused that says what is wrong with them."""
    try:
        return msgspec.convert(arguments, type)
    except msgspec.ValidationError as e:
        raise Refused(400, str(e)) from None
