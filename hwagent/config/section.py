"""What all sections of the configuration have in common."""

import msgspec


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every section: what it does not know is an error."""
