"""``python packaging/tree.py MACHINE DIRECTORY``: all files of the packages, as they will lie."""

import gzip
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from email import message_from_string
from email.message import Message
from email.utils import formatdate
from pathlib import Path

from wheels import MACHINES, VERSIONS, download, unpack

from hwagent import __version__

REPOSITORY = Path(__file__).parents[1]
FILES = REPOSITORY / "packaging/files"
HOME = "usr/lib/hwagent"
SITE = f"{HOME}/lib/python/site-packages"
#: The Python for which the packages have the modules compiled: the one that builds them, and so
#: Debian 12's where that is 3.11.
COMPILED = f"{sys.version_info.major}.{sys.version_info.minor}"
#: Hundreds of lexers that nothing of ours loads.
NOT_COMPILED = "/pygments/(lexers|styles)/"
#: What deb and rpm put in different places, or mark as documentation: beside what lies as it will.
DOC, MAN = "doc", "man"
_COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/hwagent",
    "zsh": "zsh/_hwagent",
    "fish": "usr/share/fish/vendor_completions.d/hwagent.fish",
}


def build(machine: str, root: Path) -> None:
    """Makes the tree anew. Raises CalledProcessError, ValueError."""
    shutil.rmtree(root, ignore_errors=True)
    _modules(machine, root)
    _environment(root)
    _shipped(root)
    _services(root)
    _documents(root)
    _compiled(root)
    _same(root)


def _modules(machine: str, root: Path) -> None:
    lock = REPOSITORY / "requirements/run.txt"
    unpack(download(lock, machine, REPOSITORY / "build/wheels"), root / SITE)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel",
             "--no-deps", "--no-build-isolation", "--wheel-dir", place, _source(Path(place))],
            check=True,
        )  # fmt: skip
        unpack(sorted(Path(place).glob("*.whl")), root / SITE)


def _source(place: Path) -> Path:
    """A copy of what the wheel is made of: setuptools would leave its own files beside ours."""
    source = place / "source"
    for name in ("hwagent", "conf"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    return source


def _environment(root: Path) -> None:
    """A virtual environment whose interpreter is chosen on the host, where it is installed."""
    home = root / HOME
    _write(home / "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n")
    for version in VERSIONS:
        (home / f"lib/python{version}").symlink_to("python")
    script = (FILES / "interpreter").read_text()
    values = {"VERSIONS": " ".join(VERSIONS), "COMPILED": COMPILED, "NOT_COMPILED": NOT_COMPILED}
    for name, value in values.items():
        script = script.replace(f"@{name}@", value)
    _write(home / "bin/interpreter", script, 0o755)
    _write(root / "usr/bin/hwagent", (FILES / "hwagent").read_text(), 0o755)


def _shipped(root: Path) -> None:
    """conf/: one file for the user to change, the rest in /usr/share as it was shipped."""
    share = root / "usr/share/hwagent"
    share.parent.mkdir(parents=True, exist_ok=True)
    (root / SITE / "hwagent/conf").rename(share)
    (root / SITE / "hwagent/conf").symlink_to("../../../../../../share/hwagent")
    _copy(REPOSITORY / "conf/hwagent.yaml", root / "etc/hwagent")
    for name in ("conf.d", "rules.d"):
        (root / "etc/hwagent" / name).mkdir()


def _services(root: Path) -> None:
    for unit in sorted((REPOSITORY / "systemd").glob("hwagent*.s*")):
        _copy(unit, root / "usr/lib/systemd/system")
    for example in sorted((REPOSITORY / "systemd/drop-ins").iterdir()):
        _copy(example, root / DOC / "drop-ins")
    text = (FILES / "hwagent.sysusers").read_text()
    _write(root / "usr/lib/sysusers.d/hwagent.conf", text)


def _documents(root: Path) -> None:
    doc = root / DOC
    for name in ("README.md", "docs/install.md", "docs/services.md"):
        _copy(REPOSITORY / name, doc)
    _write(doc / "copyright", copyright(root / SITE))
    _compress(doc / "changelog.gz", (REPOSITORY / "CHANGELOG.md").read_text())
    _compress(root / "changelog.Debian.gz", changelog())
    for page in sorted((REPOSITORY / "docs/man").iterdir()):
        section = page.suffix.removeprefix(".")
        _compress(root / MAN / f"man{section}/{page.name}.gz", page.read_text())
    for shell, path in _COMPLETIONS.items():
        argv = [sys.executable, "-m", "hwagent.cli", "completion", shell]
        script = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
        _write(root / path, script)


def changelog() -> str:
    """Debian's form of it (deb-changelog(5))."""
    date = formatdate(float(os.environ["SOURCE_DATE_EPOCH"]))
    return (
        f"hwagent ({__version__}-1) stable; urgency=medium\n\n"
        f"  * See changelog.gz.\n\n -- hwagent <hwagent@localhost>  {date}\n"
    )


def copyright(site: Path) -> str:
    """Whose work it is, in Debian's machine-readable form, by what each module says of itself."""
    stanzas = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Files: *\nCopyright: 2026 the authors of hwagent\nLicense: Apache-2.0",
    ]
    for metadata in sorted(site.glob("*.dist-info/METADATA")):
        told = message_from_string(metadata.read_text())
        if told["Name"] != "hwagent":
            files = f"/{SITE}/{metadata.parent.name}"
            who = told["Author"] or told["Author-email"] or told["Maintainer-email"]
            license = _license(told)
            text = f" {told['Name']} {told['Version']}; its text is in {files}"
            stanzas.append(f"Files: {files}/*\nCopyright: {who}\nLicense: {license}\n{text}")
    stanzas.append("License: Apache-2.0\n See /usr/share/common-licenses/Apache-2.0.")
    return "\n\n".join(stanzas) + "\n"


def _license(told: Message) -> str:
    """As a module tells it: newly by an expression, formerly by a line or classifiers; some tell
    only by the text."""
    classes = [c for c in told.get_all("Classifier", []) if c.startswith("License ::")]
    line = (told["License"] or "").partition("\n")[0]
    classes = [c.rpartition(" :: ")[2] for c in classes] or ["other"]
    return told["License-Expression"] or line or classes[-1]


def _copy(file: Path, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, directory)


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def _compress(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def _compiled(root: Path) -> None:
    """Modules as the interpreter that builds has them compiled; the host compiles them only where
    its own is another one: that takes a thousand files seconds, and a slow host minutes. They are
    never compared with their sources (PEP 552, unchecked): a package's files change together. The
    same bytes for the same release of Python; in one process, as marshal tells what is shared."""
    subprocess.run(
        [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-j", "1",
         "--invalidation-mode", "unchecked-hash", "-x", NOT_COMPILED,
         "-s", root / HOME / "lib/python", "-p", f"/{HOME}/lib/python{COMPILED}", root / SITE],
        check=True,
    )  # fmt: skip


def _same(root: Path) -> None:
    """The same for whoever builds, whenever: modes, and times as SOURCE_DATE_EPOCH says."""
    date = float(os.environ["SOURCE_DATE_EPOCH"])
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
        os.utime(path, (date, date), follow_symlinks=False)


if __name__ == "__main__":
    if sys.argv[1] not in MACHINES:
        sys.exit(f"no such machine: {sys.argv[1]}; one of {', '.join(MACHINES)}")
    build(sys.argv[1], Path(sys.argv[2]))
