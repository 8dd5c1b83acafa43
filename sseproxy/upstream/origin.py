"""Where requests go: a URL, and connections to it."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sseproxy.clock import Clock
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Ending
from sseproxy.redaction import mask_no_url
from sseproxy.upstream.connection import Connection

_NOT_TLS = "WRONG_VERSION_NUMBER"
"""What OpenSSL takes for a version may be the letters of an answer in plain HTTP."""


class ConnectError(Exception):
    """No connection: how the exchange ends, and a sentence that says why."""

    def __init__(self, ending: Ending, sentence: str) -> None:
        super().__init__(sentence)
        self.ending = ending


def parse_url(url: str) -> tuple[SplitResult, str, int | None]:
    """The parts of an upstream's URL, its host and its port. Raises SseproxyError for what is none."""
    shown = mask_no_url(url)
    should = "should be a URL such as http://localhost:3000"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text may have a part of a password in it
        hint = "; in a password, what is no letter or digit is written as %2F"
        quote = hint if re.search("[/?#].*@", url.partition("://")[2]) else ", with a port up to 65535"
        raise SseproxyError(f"--upstream {shown!r}: {should}{quote}") from None
    usable = parts.scheme in ("http", "https") and re.fullmatch("[!-~]+", url)
    if not usable or parts.query or parts.fragment or not parts.hostname:
        raise SseproxyError(f"--upstream {shown!r}: {should}")
    try:
        parts.hostname.encode("idna")  # as the resolver will
    except UnicodeError:
        raise SseproxyError(f"--upstream {shown!r}: a part of the host's name is empty or too long") from None
    return parts, parts.hostname, port


class Upstream:
    """One server, and how to reach it."""

    def __init__(
        self,
        url: str,
        *,
        connect_timeout: float,
        idle_timeout: float | None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`url` is http:// or https:// with a host; raises SseproxyError for anything else.

        `connect_timeout` and `idle_timeout` (the longest silence; None: no limit) are in seconds. `tls` says
        how to verify an https server; None: against the system's store.
        """
        parts, self._host, port = parse_url(url)
        self.url = url
        self.path = parts.path.rstrip("/").encode()
        self.authority = parts.netloc.rpartition("@")[2].encode("ascii")
        self._port = port or (443 if parts.scheme == "https" else 80)
        self._ssl = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout

    async def connect(self, clock: Clock) -> Connection:
        """A new connection. Raises ConnectError."""
        loop = asyncio.get_running_loop()
        where = self.authority.decode()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(clock, self._idle_timeout), self._host, self._port, ssl=self._ssl
                )
        except TimeoutError:
            sentence = f"no connection to {where} within {self._connect_timeout:g} s"
            raise ConnectError(Ending.UPSTREAM_TIMEOUT, sentence) from None
        except socket.gaierror as error:
            sentence = f"can't resolve {where}: {error.strerror}"
            raise ConnectError(Ending.CONNECT_FAILED, sentence) from None
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message.rstrip(".")
            sentence = f"the certificate of {where} is not trusted: {why} (--upstream-ca FILE, or --insecure)"
            raise ConnectError(Ending.CONNECT_FAILED, sentence) from None
        except ssl.SSLError as error:
            why = (error.reason or str(error)).replace("_", " ").lower()
            hint = "; is it http://?" if error.reason == _NOT_TLS else ""
            raise ConnectError(Ending.CONNECT_FAILED, f"no TLS connection to {where}: {why}{hint}") from None
        except OSError as error:
            refused = isinstance(error, ConnectionRefusedError)
            cause = "connection refused" if refused else error.strerror or str(error)
            raise ConnectError(Ending.CONNECT_FAILED, f"can't connect to {where}: {cause}") from None
        return connection


def tls_context(ca: Path | None, *, insecure: bool) -> ssl.SSLContext:
    """How an https upstream is verified: against the system's store, or the certificates in the file `ca`.

    With `insecure` against nothing. Raises SseproxyError for a file that holds no certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise SseproxyError(f"--upstream-ca {ca}: {error.strerror or error}") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
