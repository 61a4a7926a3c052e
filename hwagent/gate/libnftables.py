"""The calls of libnftables that the gate needs, by ctypes (libnftables(3); 0.9.1 and later)."""

import ctypes
import errno
from ctypes import c_bool, c_char_p, c_int, c_uint32, c_void_p
from typing import Any

_NAME = "libnftables.so.1"
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "nft_ctx_new": (c_void_p, [c_uint32]),
    "nft_ctx_buffer_output": (c_int, [c_void_p]),
    "nft_ctx_buffer_error": (c_int, [c_void_p]),
    "nft_ctx_get_error_buffer": (c_char_p, [c_void_p]),
    "nft_ctx_set_dry_run": (None, [c_void_p, c_bool]),
    "nft_run_cmd_from_buffer": (c_int, [c_void_p, c_char_p]),
}


class Library:
    """libnftables, loaded. Raises OSError if this host has none."""

    def __init__(self) -> None:
        try:
            self._calls: Any = ctypes.CDLL(_NAME)
        except OSError:
            raise FileNotFoundError(2, "libnftables is not installed", _NAME) from None
        for function, (result, arguments) in _SIGNATURES.items():
            call = getattr(self._calls, function)
            call.restype, call.argtypes = result, arguments
        self._context = self._calls.nft_ctx_new(0)
        self._calls.nft_ctx_buffer_output(self._context)
        self._calls.nft_ctx_buffer_error(self._context)

    def run(self, commands: str, dry: bool = False) -> None:
        """Runs commands as one transaction; ``dry`` only checks it. Raises OSError."""
        self._calls.nft_ctx_set_dry_run(self._context, dry)
        if self._calls.nft_run_cmd_from_buffer(self._context, commands.encode()) != 0:
            told = (self._calls.nft_ctx_get_error_buffer(self._context) or b"").decode()
            lines = [line for line in told.splitlines() if "rror: " in line]
            raise OSError(errno.EIO, lines[0].partition("rror: ")[2] if lines else "nft refused it")
