"""What must not reach the disk, and what stands in its place."""

from __future__ import annotations

from sseproxy.redaction.body import Masker, Piece
from sseproxy.redaction.heads import (
    mask_head,
    mask_headers,
    mask_no_url,
    mask_response,
    mask_target,
    mask_text,
    mask_url,
)
from sseproxy.redaction.mask import MASK
from sseproxy.redaction.own import own_rules
from sseproxy.redaction.records import mask_cassette, mask_lines
from sseproxy.redaction.requests import UploadMasker, mask_body, mask_request
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.scan import Finding, find_secrets

__all__ = [
    "MASK",
    "Finding",
    "Masker",
    "Piece",
    "Rules",
    "UploadMasker",
    "built_in",
    "find_secrets",
    "mask_body",
    "mask_cassette",
    "mask_head",
    "mask_headers",
    "mask_lines",
    "mask_no_url",
    "mask_request",
    "mask_response",
    "mask_target",
    "mask_text",
    "mask_url",
    "own_rules",
]
