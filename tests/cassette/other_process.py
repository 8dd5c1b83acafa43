"""Another process that reads or writes a cassette: `flock` and a crash mean nothing within one alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ = """
import sys
from pathlib import Path
from sseproxy.cassette.store import is_being_written, load
path = Path(sys.argv[1])
print(is_being_written(path), load(path).body.decode(), load(path).ending)
"""

WRITE = """
import sys
from pathlib import Path
from sseproxy.cassette.writer import CassetteWriter
writer = CassetteWriter(Path(sys.argv[1]), sys.argv[2])
for line in sys.stdin.buffer:
    writer.append(line)
    print(writer.path, flush=True)
"""


def read(path: Path) -> str:
    """What a reader in another process finds: whether it is being written, its body, its ending."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


class Recorder:
    """A recorder in another process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def append(self, line: bytes) -> Path:
        """Has it write one line; comes back when that is written."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return Path(self._process.stdout.readline().decode().rstrip("\n"))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(60)


@contextmanager
def recorder(folder: Path, name: str) -> Iterator[Recorder]:
    command = [sys.executable, "-c", WRITE, str(folder), name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Recorder(process)
        finally:
            process.kill()
