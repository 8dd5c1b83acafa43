"""A multipart body as its parts, so that the boundary, which is fresh in each request, does not count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

_NAME = re.compile(rb';[ \t]*name="([^"]*)"', re.IGNORECASE)


def multipart_parts(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes, bytes]] | None:
    """The name, header fields and content of each part, in order; None where the body is not multipart.

    Header fields are lines with lower-case names, sorted: in which order they stand means nothing (RFC 2046,
    section 5.1; RFC 7578 for names).
    """
    message = Message()
    message["Content-Type"] = content_type.decode("latin-1")
    boundary = message.get_param("boundary")
    if message.get_content_maintype() != "multipart" or not isinstance(boundary, str) or not boundary:
        return None
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    if len(parts) < 2 or not parts.pop().startswith(b"--"):
        return None
    return list(_read(parts))


def _read(parts: list[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    for part in parts:
        # Behind the boundary may stand white space, and the header may be empty.
        head, _, content = b"".join(part.partition(b"\r\n")[1:]).partition(b"\r\n\r\n")
        fields = []
        for line in head.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if colon:
                fields.append(name.strip().lower() + b": " + value.strip())
        named = _NAME.search(head)
        yield named[1] if named else b"", b"\r\n".join(sorted(fields)), content
