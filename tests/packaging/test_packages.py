"""The packages themselves: the same bytes twice, what is in them, what the checkers say."""

import importlib.util
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.packaging.conftest import copy_of_the_sources, make, thorough
from tests.packaging.units import REPOSITORY

VERSIONS = ("311", "312", "313", "314")


def output(*argv: str) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def files(deb: Path) -> list[list[str]]:
    """Of each file: mode, owner, size, date, time, path."""
    return [line.split(maxsplit=5) for line in output("dpkg-deb", "-c", str(deb)).splitlines()]


@thorough
def test_the_same_sources_make_the_same_bytes_whoever_makes_them_and_where(deb, rpm, tmp_path):
    old = os.umask(0o077)
    try:
        sources = copy_of_the_sources(tmp_path / "elsewhere")
        again = [make(sources, "deb"), make(sources, "rpm")]
    finally:
        os.umask(old)
    assert [file.read_bytes() for file in again] == [deb.read_bytes(), rpm.read_bytes()]


def test_everything_is_roots_and_readable_for_all(deb):
    for mode, owner, *_, path in files(deb):
        assert owner == "root/root", path
        assert mode in ("-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x") or mode.startswith("l"), path


def test_every_module_that_is_loaded_comes_compiled_for_one_python_as_it_will_lie(deb, tmp_path):
    subprocess.run(["dpkg-deb", "-x", deb, tmp_path], check=True)
    site = tmp_path / "usr/lib/hwagent/lib/python/site-packages"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for module in site.rglob("*.py"):
        compiled = module.parent / f"__pycache__/{module.stem}.{sys.implementation.cache_tag}.pyc"
        if module.parent.name in ("lexers", "styles"):
            assert not compiled.exists()
            continue
        data = compiled.read_bytes()
        assert data[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(data[4:8], "little") == 1  # by hash, unchecked (PEP 552)
        code = marshal.loads(data[16:])
        within = module.relative_to(site)
        assert code.co_filename == f"/usr/lib/hwagent/lib/python{version}/site-packages/{within}"


def test_modules_in_c_are_there_for_every_python_that_a_distribution_may_have(deb):
    modules: dict[str, set[str]] = {}
    for *_, path in files(deb):
        if found := re.search(r"/(\w+)\.(?:cpython-(\d+)\S*|abi3)\.so$", path):
            modules.setdefault(found[1], set()).add(found[2] or "all")
    assert {"_core", "_yaml", "_cffi_backend", "_rust", "_psutil_linux"} <= modules.keys()
    assert all(have in ({"all"}, set(VERSIONS)) for have in modules.values()), modules


def test_the_configuration_alone_is_the_users(deb):
    assert output("dpkg-deb", "-I", str(deb), "conffiles").split() == ["/etc/hwagent/hwagent.yaml"]


@thorough
def test_of_the_rpm_too(rpm):
    assert output("rpm", "-qpc", str(rpm)).split() == ["/etc/hwagent/hwagent.yaml"]


@thorough
def test_both_bring_the_same_files(deb, rpm):
    theirs = set(output("rpm", "-qpl", str(rpm)).split("\n")) - {""}
    ours = {row[-1].partition(" -> ")[0].removeprefix(".").rstrip("/") for row in files(deb)}
    directories = {"", "/etc", "/usr"} | {path for path in ours if any(
        other.startswith(f"{path}/") for other in ours)}  # fmt: skip
    debians = {path for path in ours if re.search("lintian|/zsh/|[.]Debian[.]", path)}
    rpms = {path for path in theirs if re.search("/zsh/|^/usr/share/licenses/|/bin/python$", path)}
    assert ours - directories - debians == theirs - directories - rpms


@thorough
def test_a_system_may_have_its_python_beside_its_own_that_is_too_old_or_too_new(deb, rpm):
    beside = [f"python{version[0]}.{version[1:]}" for version in sorted(VERSIONS, reverse=True)]
    needed = output("dpkg-deb", "-f", str(deb), "Depends")
    for own in ("python3 (>= 3.11)", "python3 (<< 3.15)"):
        assert " | ".join([own, *beside]) in needed
    own = "(python3 >= 3.11 with python3 < 3.15)"
    rpms = output("rpm", "-qp", "--requires", str(rpm)).splitlines()
    assert f"({' or '.join([own, *beside])})" in rpms


@thorough
def test_lintian_has_nothing_to_say_that_is_not_explained(deb):
    argv = ["lintian", "--allow-root", "--fail-on", "error,warning", str(deb)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    overrides = (REPOSITORY / "packaging/deb/lintian-overrides").read_text()
    for block in re.split(r"\n(?=#)", overrides):
        assert block.startswith("# ")


@thorough
def test_rpmlint_has_nothing_to_say_that_is_not_explained(rpm):
    exceptions = REPOSITORY / "packaging/rpmlintrc"
    argv = ["rpmlint", "--rpmlintrc", str(exceptions), str(rpm)]
    told = subprocess.run(argv, capture_output=True, text=True).stdout
    assert "1 packages and 0 specfiles checked" in told
    assert re.findall(r"^.*: [EW]: .*$", told, re.MULTILINE) == []
    for block in re.split(r"\n(?=#)", exceptions.read_text()):
        assert block.startswith("# ")


def test_scripts_are_good_shell():
    scripts = [
        *(REPOSITORY / "packaging/deb").glob("p*"),
        *(REPOSITORY / "packaging/rpm").iterdir(),
    ]
    scripts += [REPOSITORY / "packaging/files/interpreter", REPOSITORY / "packaging/files/hwagent"]
    for script in scripts:
        subprocess.run(["sh", "-n", script], check=True)


def test_no_module_of_the_lock_file_is_missing_or_told_of_without_license(deb, tmp_path):
    subprocess.run(["dpkg-deb", "-x", deb, tmp_path], check=True)
    copyright = (tmp_path / "usr/share/doc/hwagent/copyright").read_text()
    lock = (REPOSITORY / "requirements/run.txt").read_text()
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE):
        told = re.search(rf"License: (\S.*)\n {name} {version};", copyright, re.IGNORECASE)
        assert told, name


def locked() -> set[tuple[str, str]]:
    """What is vendored, by the lock file: names in lower case, versions."""
    lock = (REPOSITORY / "requirements/run.txt").read_text()
    return {(n.lower(), v) for n, v in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)}


@thorough
def test_the_bill_of_materials_names_what_is_vendored_the_same_each_time():
    file = REPOSITORY / "dist/hwagent.cdx.json"
    made = []
    for _ in range(2):
        subprocess.run(["make", "sbom"], cwd=REPOSITORY, check=True)
        made.append(file.read_bytes())
    assert made[0] == made[1]
    told = json.loads(made[0])["components"]
    assert {(part["name"].lower(), part["version"]) for part in told} == locked()


@thorough
def test_pip_installs_all_that_an_agent_needs_of_the_sources(tmp_path):
    site = tmp_path / "site"
    sources = copy_of_the_sources(tmp_path / "sources")
    argv = [sys.executable, "-m", "pip", "--quiet", "install", "--no-deps", "--no-build-isolation"]
    subprocess.run([*argv, "--no-index", "--target", site, sources], check=True)
    shutil.rmtree(sources)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    for argv in ([site / "bin/hwagent", "--version"], [site / "bin/hwagent", "rules", "test"]):
        subprocess.run(argv, cwd=tmp_path, env=environment, check=True)


def test_the_container_is_made_of_the_deb_and_of_what_it_recommends(deb):
    told = (REPOSITORY / "packaging/Containerfile").read_text()
    (copied,) = re.findall(r"^COPY (\S+)", told, re.MULTILINE)
    assert fnmatch(f"dist/{deb.name}", copied)
    (program,) = re.findall(r'^ENTRYPOINT \["(\S+)"\]$', told, re.MULTILINE)
    assert f".{program}" in {row[-1] for row in files(deb)}
    (wanted,) = re.findall(r"/tmp/hwagent_\S+\.deb (.+?) \\$", told, re.MULTILINE)
    recommended = re.findall(r"[\w.+-]+", output("dpkg-deb", "-f", str(deb), "Recommends"))
    assert set(wanted.split()) <= set(recommended)
