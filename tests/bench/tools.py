"""What the benchmark needs beside the project: its own C programs, and other proxies.

The proxies get environments of their own. All is kept in a cache folder: a second run begins at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

WIRE = Path(__file__).parent / "wire"
ROOT = Path(__file__).parent.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sseproxy-bench"
FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror")


class MissingToolError(Exception):
    """Something is not on this machine; the text says what, and what to do."""


def program(name: str) -> Path:
    """The compiled program of `wire/NAME.c`. Raises MissingToolError where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise MissingToolError("no C compiler: install gcc")
    sources = b"".join(path.read_bytes() for path in sorted(WIRE.iterdir()))
    target = CACHE / f"{name}-{hashlib.sha256(sources).hexdigest()[:12]}"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")  # another run may be compiling it too
        subprocess.run([compiler, *FLAGS, "-o", fresh, WIRE / f"{name}.c"], check=True)
        fresh.replace(target)
    return target


def environment(name: str, *packages: str, python: str = sys.executable) -> Path:
    """The `bin` of a virtual environment with these packages. Raises MissingToolError without them."""
    folder = CACHE / name
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"bench: makes {folder} with {', '.join(packages)}", file=sys.stderr)
        subprocess.run([python, "-m", "venv", folder], check=True)
        install: list[str | Path] = [
            folder / "bin" / "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
            *packages,
        ]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise MissingToolError(
                f"{name} can't be installed: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
            )
        ready.touch()
    return folder / "bin"


def aiohttp_python(ours: Path) -> Path:
    """The interpreter in whose environment `ours` is, with our own aiohttp, and uvloop: builds of one version
    differ by a third in speed.
    """
    pins = ROOT / "constraints.txt"
    python = (ours.parent / "python").resolve()
    if not python.exists():
        raise MissingToolError(f"no {python}: give --sseproxy as it stands in its environment")
    name = f"aiohttp-{hashlib.sha256(bytes(python) + pins.read_bytes()).hexdigest()[:12]}"
    return environment(name, "-c", str(pins), "aiohttp", "uvloop", python=str(python)) / "python"


def mitmdump() -> Path:
    """mitmproxy of the newest Python there is: it gives up old ones early."""
    return environment("mitmproxy", "mitmproxy", python=newest_python()) / "mitmdump"


def newest_python() -> str:
    """Each is asked: a version manager leaves names on PATH that run nothing."""
    for name in ("python3.14", "python3.13", "python3.12"):
        for folder in os.get_exec_path():
            python = os.path.join(folder, name)  # noqa: PTH118 - stays what it is on PATH
            if os.path.exists(python) and _output(python, "--version"):  # noqa: PTH110
                return python
    return sys.executable


def nginx() -> Path:
    """Raises MissingToolError where it is not installed."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise MissingToolError("no nginx: install it with your system's package manager")
    return Path(found)


def _output(*command: str | Path) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""


def version(*command: str | Path) -> str:
    """The first line that a program says of itself."""
    return (_output(*command) or "?").splitlines()[0]
