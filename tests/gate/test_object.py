"""The compiled gate in the repo is what its source compiles to."""

import shutil
import subprocess
from pathlib import Path

import pytest

import hwagent.gate

HERE = Path(hwagent.gate.__file__).parent
ROOT = HERE.parent.parent


def test_the_object_is_built_from_the_source(tmp_path: Path) -> None:
    if shutil.which("clang") is None or "clang version 14." not in _version():
        pytest.skip("needs clang 14 (Debian 12), by which the object was built")
    built = tmp_path / "gate.bpf.o"
    subprocess.run(["make", "-s", "gate", f"GATE={built}"], cwd=ROOT, check=True)
    assert built.read_bytes() == (HERE / "gate.bpf.o").read_bytes()


def _version() -> str:
    return subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout
