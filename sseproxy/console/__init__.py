"""What a person sees in a terminal. Nothing else of the package knows of colours or columns."""

from sseproxy.console.cassettes import listed, listing, miss, showing
from sseproxy.console.diff import alone, differing
from sseproxy.console.findings import finding, learned, rule
from sseproxy.console.lateness import lateness_text, punctuality, total_lateness
from sseproxy.console.stats import stats_heading, stats_line, totalling
from sseproxy.console.table import Cells, columns, ending_text, seconds, stdout
from sseproxy.console.timeline import waterfall

__all__ = [
    "Cells",
    "alone",
    "columns",
    "differing",
    "ending_text",
    "finding",
    "lateness_text",
    "learned",
    "listed",
    "listing",
    "miss",
    "punctuality",
    "rule",
    "seconds",
    "showing",
    "stats_heading",
    "stats_line",
    "stdout",
    "total_lateness",
    "totalling",
    "waterfall",
]
