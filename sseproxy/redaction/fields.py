"""What a record of a cassette holds beside a body, masked."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from sseproxy.cassette.encode import octets
from sseproxy.exchange import Headers
from sseproxy.redaction.heads import mask_headers, mask_shapes, mask_target, mask_text, mask_url
from sseproxy.redaction.rules import Rules

Record = dict[str, Any]


def mask_fields(record: Record, rules: Rules) -> list[str]:
    """Masks them in the record itself, whose fields have their types; what was masked."""
    match record["k"]:
        case "head":
            masked = _text(record, "upstream", mask_url(record["upstream"]), rules)
        case "request":
            target, names = mask_target(raw(record["target"]), rules)
            if names:
                record["target"] = octets(target)
            masked = [*names, *_headers(record, rules)]
        case "response":
            reason, names = mask_shapes(raw(record["reason"]), rules)
            if names:
                record["reason"] = octets(reason)
            masked = [*names, *_headers(record, rules)]
        case "upload_end":
            masked = [*_headers(record, rules)]
        case "note":
            masked = _text(record, "text", record["text"], rules)
        case "end":
            masked = [*_headers(record, rules), *_text(record, "detail", record.get("detail", ""), rules)]
        case _:
            masked = []
    return masked


def _text(record: Record, key: str, text: str, rules: Rules) -> list[str]:
    """`text` is what the key holds, or that with something masked already."""
    result = mask_text(text, rules)
    if result == record.get(key, ""):
        return []
    record[key] = result
    return [key]


def _headers(record: Record, rules: Rules) -> Iterator[str]:
    for key in ("headers", "trailers"):
        if record.get(key):
            result, names = mask_headers(headers(record, key), rules)
            if names:
                record[key] = [[octets(name), octets(value)] for name, value in result]
            yield from (name.replace("headers", key, 1) for name in names)


def headers(record: Record, key: str = "headers") -> Headers:
    """The header fields that a record has under this key."""
    return tuple((raw(name), raw(value)) for name, value in record[key])


def raw(value: str | Record) -> bytes:
    """A string of a head, in either of its forms."""
    return value.encode() if isinstance(value, str) else base64.b64decode(value["b64"])
