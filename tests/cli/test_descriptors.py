"""How many streams a server may have open: what the system allows, and not what a shell does."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from tests.cli.builder import save, stream
from tests.cli.support import serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize("command", ["record", "replay"])
def test_a_server_takes_all_descriptors_that_it_may_have(command: str, tmp_path: Path) -> None:
    save(tmp_path, stream())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    upstream = ("--upstream", "http://127.0.0.1:9") if command == "record" else ()
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with serving(command, *upstream, "--cassettes", tmp_path) as server:
            limits = Path(f"/proc/{server.process.pid}/limits").read_text(encoding="ascii")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == [str(hard), str(hard)]
