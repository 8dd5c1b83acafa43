"""`sseproxy health`, made for containers."""

from __future__ import annotations

from pathlib import Path

from tests.cli.builder import save, stream
from tests.cli.support import address, bound_socket, complaint, good, serving, sseproxy


def test_a_server_that_listens_is_healthy_also_by_the_address_it_was_told(tmp_path: Path) -> None:
    with serving("replay", "--cassettes", save(tmp_path, stream())) as server:
        port = server.url.rpartition(":")[2]
        assert good("health", "--port", port) == ""
        assert good("health", env={"SSEPROXY_PORT": port, "SSEPROXY_HOST": "0.0.0.0"}) == ""


def test_where_nothing_listens_it_says_so() -> None:
    with bound_socket() as sock:
        port = str(address(sock).port)
        assert complaint(sseproxy("health", "--port", port)).startswith(
            f"nothing answers at 127.0.0.1:{port}: "
        )
