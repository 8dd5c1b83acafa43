"""Whether a cassette holds what there was."""

from __future__ import annotations

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Findings, Found
from sseproxy.analysis.lint.finding import Place
from sseproxy.exchange import Ending

_WHY = {
    Ending.INCOMPLETE: "there is no `end`: its recorder died, could not write on, or is still at work",
    Ending.PROXY_STOPPED: "the recorder was stopped while the exchange went on",
    Ending.LIMIT: "the stream went on behind the limit of what is kept",
    Ending.LOSSY: "a part of the stream was not recorded",
}


def times_go_back(before: int, t: int, place: Place) -> Found:
    """A record at `t` behind one at `before`, in microseconds."""
    message = f"the record is of {t / 1e6:.3f} s, the one before it of {before / 1e6:.3f} s"
    return Found(rules.TIMES_GO_BACK, place, message)


def check_recording(ending: Ending, detail: str, place: Place) -> Findings:
    """`detail`: what the recorder said of the ending; may be empty."""
    if ending in _WHY:
        why = detail or _WHY[ending]
        # The rule's own name is told beside it.
        yield Found(rules.INCOMPLETE, place, why if ending is Ending.INCOMPLETE else f"{ending}: {why}")
    elif ending is Ending.CLIENT_LEFT:
        yield Found(rules.CLIENT_LEFT, place, "the client left before the stream was over")
