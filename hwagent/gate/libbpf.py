"""The calls of libbpf that the gate needs, by ctypes (bpf/libbpf.h; versions 0.5 to 1.x)."""

import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_uint32, c_void_p
from typing import Any

#: Both directions of a network device (enum bpf_tc_attach_point).
INGRESS, EGRESS = 1, 2
_REPLACE = 1
_NAMES = ("libbpf.so.1", "libbpf.so.0")
_ANY = 0


class _Hook(ctypes.Structure):
    """struct bpf_tc_hook."""

    _fields_ = [("sz", c_size_t), ("ifindex", c_int), ("point", c_int), ("parent", c_uint32)]


class _Options(ctypes.Structure):
    """struct bpf_tc_opts."""

    _fields_ = [
        ("sz", c_size_t),
        ("prog_fd", c_int),
        ("flags", c_uint32),
        ("prog_id", c_uint32),
        ("handle", c_uint32),
        ("priority", c_uint32),
    ]


_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "libbpf_set_print": (c_void_p, [c_void_p]),
    "libbpf_get_error": (c_long, [c_void_p]),
    "bpf_object__open": (c_void_p, [c_char_p]),
    "bpf_object__load": (c_int, [c_void_p]),
    "bpf_object__close": (None, [c_void_p]),
    "bpf_object__find_program_by_name": (c_void_p, [c_void_p, c_char_p]),
    "bpf_object__find_map_by_name": (c_void_p, [c_void_p, c_char_p]),
    "bpf_program__fd": (c_int, [c_void_p]),
    "bpf_map__fd": (c_int, [c_void_p]),
    "bpf_map_update_elem": (c_int, [c_int, c_char_p, c_char_p, ctypes.c_uint64]),
    "bpf_map_delete_elem": (c_int, [c_int, c_char_p]),
    "bpf_tc_hook_create": (c_int, [POINTER(_Hook)]),
    "bpf_tc_attach": (c_int, [POINTER(_Hook), POINTER(_Options)]),
    "bpf_tc_detach": (c_int, [POINTER(_Hook), POINTER(_Options)]),
}


class Library:
    """libbpf, loaded. Raises OSError if this host has none."""

    def __init__(self) -> None:
        self._calls = _load()
        self._calls.libbpf_set_print(None)

    def open(self, path: str) -> int:
        """Opens an object file and loads it into the kernel. Raises OSError."""
        found = self._pointer(self._calls.bpf_object__open(path.encode()), path)
        try:
            _check(self._calls.bpf_object__load(found), "the kernel takes no program of ours")
        except OSError:
            self.close(found)
            raise
        return found

    def close(self, object: int) -> None:
        """Gives an object back; what is attached stays."""
        self._calls.bpf_object__close(object)

    def program(self, object: int, name: str) -> int:
        """File of a program."""
        find = self._calls.bpf_object__find_program_by_name
        fd: int = self._calls.bpf_program__fd(self._pointer(find(object, name.encode()), name))
        return fd

    def map(self, object: int, name: str) -> int:
        """File of a map."""
        find = self._calls.bpf_object__find_map_by_name
        fd: int = self._calls.bpf_map__fd(self._pointer(find(object, name.encode()), name))
        return fd

    def update(self, map: int, key: bytes, value: bytes) -> None:
        """Sets an element. Raises OSError."""
        _check(self._calls.bpf_map_update_elem(map, key, value, _ANY), "a map takes no element")

    def delete(self, map: int, key: bytes) -> None:
        """Removes an element. Raises FileNotFoundError if there is none."""
        _check(self._calls.bpf_map_delete_elem(map, key), "a map gives no element up")

    def attach(self, number: int, point: int, program: int, handle: int, priority: int) -> None:
        """Attaches a program to a direction of an interface, in place of one with the same handle
        and priority. Raises OSError."""
        hook = _Hook(ctypes.sizeof(_Hook), number, INGRESS | EGRESS, 0)
        created = self._calls.bpf_tc_hook_create(byref(hook))
        if created not in (0, -17):  # EEXIST: somebody else's clsact serves as well
            _check(created, "no clsact on the interface")
        hook.point = point
        options = _Options(ctypes.sizeof(_Options), program, _REPLACE, 0, handle, priority)
        _check(self._calls.bpf_tc_attach(byref(hook), byref(options)), "cannot attach the gate")

    def detach(self, number: int, point: int, handle: int, priority: int) -> None:
        """Takes a program off. Raises OSError."""
        hook = _Hook(ctypes.sizeof(_Hook), number, point, 0)
        options = _Options(ctypes.sizeof(_Options), 0, 0, 0, handle, priority)
        _check(self._calls.bpf_tc_detach(byref(hook), byref(options)), "cannot detach the gate")

    def _pointer(self, pointer: int | None, what: str) -> int:
        error = self._calls.libbpf_get_error(pointer)
        if error or pointer is None:
            _check(error or -2, what)
        assert pointer is not None
        return pointer


def _load() -> Any:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name, use_errno=True)
        except OSError:
            continue
        for function, (result, arguments) in _SIGNATURES.items():
            call = getattr(library, function)
            call.restype, call.argtypes = result, arguments
        return library
    raise FileNotFoundError(2, "libbpf is not installed", _NAMES[0])


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno() if result == -1 else -result
        raise OSError(number, f"{what}: {os.strerror(number)}")
