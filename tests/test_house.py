"""The house keeps its own rules."""

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import sseproxy

ROOT = Path(__file__).parent.parent
PACKAGE = Path(sseproxy.__file__).parent
LONGEST = 400
"""Lines. A longer file is a room with two tenants."""

# Put together here, or this file would be the one that breaks the rule.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("docker", "io"),
        ("hub", "docker", "com"),
        ("ghcr", "io"),
        ("quay", "io"),
    ]
]


@pytest.mark.skipif("SSEPROXY_TEST_INSTALLED" not in os.environ, reason="not run by .ci/test")
def test_what_is_tested_is_the_installed_package() -> None:
    assert PACKAGE.parent == Path(sysconfig.get_path("purelib"))
    assert sys.flags.safe_path  # inherited by the commands that tests start


def test_no_file_of_the_package_is_too_long() -> None:
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".js", ".css", ".html"}]
    lines = {str(path.relative_to(PACKAGE)): len(path.read_bytes().splitlines()) for path in sources}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_the_version_is_the_same_everywhere() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert importlib.metadata.version("sseproxy") == sseproxy.__version__ == newest[1]


def test_no_file_names_a_package_registry() -> None:
    """A registry is whatever the reader's own tools are set up for."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in files
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert found == []
