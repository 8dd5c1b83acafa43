"""What stands between client and upstream, in turns."""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sseproxy.cassette.pack import pack
from tests.bench import tools
from tests.bench.processes import BrokenRunError, Running, free_port, server
from tests.bench.workloads import WARM_UP, Workload

OURS = "sseproxy"
EDGE = ("firehose", "paced-100", "short-kept")
"""Cells that tell one way to the upstream from another."""

Command = Callable[[int, int, Path], list[str | Path]]
"""From the upstream's port, the port to listen on, and a folder to work in."""


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    command: Command | None = None
    """None: the client talks to the upstream itself. Raises tools.MissingToolError."""
    records: bool = False
    """Whether cassettes are to be looked at."""
    cells: Sequence[str] | None = None
    """In which it is measured; None: in all."""

    @contextlib.contextmanager
    def running(self, upstream: int, folder: Path) -> Iterator[Running]:
        """Raises tools.MissingToolError or BrokenRunError."""
        if self.command is None:
            yield Running(upstream)
            return
        port = free_port()
        with server(self.command(upstream, port, folder), port, folder) as running:
            yield running


NGINX = """\
daemon off;
worker_processes 1;
error_log stderr warn;
pid nginx.pid;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    keepalive_requests 1000000;
    upstream behind {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


def nginx(upstream: int, port: int, folder: Path) -> list[str | Path]:
    (folder / "nginx.conf").write_text(NGINX.format(upstream=upstream, port=port))
    return [tools.nginx(), "-p", folder, "-e", "stderr", "-c", "nginx.conf"]


def script(
    upstream: int, port: int, folder: Path, *, program: Path, name: str, more: tuple[str, ...] = ()
) -> list[str | Path]:
    """A proxy of a few lines, beside this module."""
    python = tools.aiohttp_python(program)
    return [python, "-P", Path(__file__).parent / name, str(upstream), str(port), *more]


def mitmproxy(upstream: int, port: int, folder: Path) -> list[str | Path]:
    """It streams a body of any length, and stores it all the same."""
    options = ("stream_large_bodies=1", "store_streamed_bodies=true", f"confdir={folder}")
    mode = ["--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1", "-p", str(port)]
    return [
        tools.mitmdump(),
        "-q",
        "-w",
        "flows",
        *mode,
        *(word for each in options for word in ("--set", each)),
    ]


def record(
    upstream: int, port: int, folder: Path, *, program: Path, more: tuple[str, ...] = ()
) -> list[str | Path]:
    there = ["--upstream", f"http://127.0.0.1:{upstream}", "--port", str(port), "--cassettes", "cassettes"]
    return [program, "record", "--quiet", *there, *more]


def proxies(program: Path, against: Path | None) -> tuple[Target, ...]:
    """All that pass a stream on. `against`: another sseproxy, to be compared."""
    aiohttp = functools.partial(script, program=program, name="passthrough.py")
    floor = functools.partial(script, program=program, name="floor.py")
    targets = [
        Target("direct"),
        Target("nginx", nginx),
        Target("aiohttp", functools.partial(aiohttp, more=("asyncio",))),
        Target("aiohttp, uvloop", functools.partial(aiohttp, more=("uvloop",))),
        Target("aiohttp, pushing", functools.partial(aiohttp, more=("uvloop", "pushing")), cells=EDGE),
        Target("floor", floor, cells=EDGE),
        Target("floor, recording", functools.partial(floor, more=(".",)), cells=EDGE),
        Target("mitmproxy", mitmproxy),
        Target(f"{OURS}, passing", functools.partial(record, program=program, more=("--skip", "*"))),
        Target(OURS, functools.partial(record, program=program), records=True),
    ]
    if has_option(program, "record", "--workers"):
        two = functools.partial(record, program=program, more=("--workers", "2"))
        targets.append(Target(f"{OURS}, 2 workers", two, records=True))
    if against:
        targets.append(Target(f"{OURS}, against", functools.partial(record, program=against), records=True))
    return tuple(targets)


def recorded_bytes(folder: Path, workload: Workload) -> tuple[int, int]:
    """The cassettes' size, the warm-up's left out, plain and packed.

    Raises BrokenRunError where they don't hold all.
    """
    cassettes = [path for path in (folder / "cassettes").rglob("*") if path.is_file()]
    ends = {path: json.loads(last_line(path)) for path in cassettes}
    if unfinished := [path.name for path, end in ends.items() if path.suffix == ".part" or end["k"] != "end"]:
        raise BrokenRunError(f"{len(unfinished)} unfinished cassettes, such as {unfinished[0]}")
    if broken := [path.name for path, end in ends.items() if end["reason"] != "clean"]:
        raise BrokenRunError(f"{len(broken)} cassettes that are not clean, such as {broken[0]}")
    stored = sum(end["bytes"] for end in ends.values()) - WARM_UP.body
    if len(cassettes) != workload.streams + 1 or stored != workload.body:
        raise BrokenRunError(
            f"{len(cassettes) - 1} of {workload.streams} recorded, {stored} of {workload.body} bytes"
        )
    _, *measured = sorted(cassettes, key=lambda path: path.name)  # the warm-up's is the first
    plain = sum(path.stat().st_size for path in measured)
    return plain, sum(pack(path).stat().st_size for path in measured)


def last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4096, 0))
        return file.read().splitlines()[-1]


def has_option(program: Path, command: str, option: str) -> bool:
    told = subprocess.run([program, command, "--help"], capture_output=True, text=True, check=False)
    return option in told.stdout
