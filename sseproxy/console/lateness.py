"""How late replayed events were."""

from __future__ import annotations

from rich.text import Text

from sseproxy.analysis.punctuality import Lateness, Punctuality
from sseproxy.exchange import Request
from sseproxy.printable import printable_bytes
from sseproxy.redaction import mask_target


def punctuality(request: Request, told: Punctuality) -> Text:
    """How late one replayed stream was."""
    target = printable_bytes(mask_target(request.target)[0])
    return _late(f"{request.method} {target}", told.lateness, told.drift)


def total_lateness(late: Lateness) -> Text:
    """How late all replayed streams together were."""
    return _late("all streams", late)


def _late(what: str, late: Lateness, drift: int | None = None) -> Text:
    return Text.assemble(f"{what:40}  {late.count:6} writes  ", (lateness_text(late, drift), "cyan"))


def lateness_text(late: Lateness, drift: int | None = None) -> str:
    """How late events were, and by how much more at the end of a stream; in milliseconds."""
    figures = (("p50", late.percentile(0.5)), ("p99", late.percentile(0.99)), ("max", late.worst))
    text = "  ".join(f"{name} {value / 1e3:.3f} ms" for name, value in figures)
    return text if drift is None else f"{text}  drift {drift / 1e3:+.3f} ms"
