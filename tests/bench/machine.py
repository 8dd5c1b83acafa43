"""What the figures were measured on, and with."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import tools

AIOHTTP = "import aiohttp, uvloop; print(aiohttp.__version__ + ', uvloop ' + uvloop.__version__)"


def facts(sseproxy: Path, others: Collection[str]) -> dict[str, str]:
    """Machine and versions, in words; `others`: the names of the proxies that are measured."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    meminfo = Path("/proc/meminfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    memory = re.search(r"MemTotal:\s+(\d+)", meminfo)
    python = sseproxy.parent / "python"
    told = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "?",
        "kernel": platform.release(),
        "load before": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        "sseproxy": tools.version(sseproxy, "--version") + _commit(),
        "python": tools.version(python, "-VV"),
    }
    if "nginx" in others:
        told["nginx"] = _asked(tools.nginx, "-v")
    if any(name.startswith(("aiohttp", "floor")) for name in others):
        told["aiohttp"] = _asked(lambda: tools.aiohttp_python(sseproxy), "-c", AIOHTTP)
    if "mitmproxy" in others:
        told["mitmproxy"] = _asked(tools.mitmdump, "--version")
    return told


class Stolen:
    """How much the host of a virtual machine lets it stand still (proc(5), `steal`)."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before = self._seconds()

    def told(self) -> str:
        """Since this was made."""
        share = (self._seconds() - self._before) / ((time.monotonic() - self._began) * (os.cpu_count() or 1))
        return f"{share:.2%} of the processors' time, by the machine's host"

    @staticmethod
    def _seconds() -> float:
        """Of all processors, since the machine began."""
        of_all = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
        return int(of_all[8]) / os.sysconf("SC_CLK_TCK")


def _commit() -> str:
    told = tools.version("git", "-C", tools.ROOT, "describe", "--always", "--dirty")
    return f" ({told})"


def _asked(tool: Callable[[], Path], *words: str) -> str:
    try:
        return tools.version(tool(), *words)
    except tools.MissingToolError as problem:
        return str(problem)
