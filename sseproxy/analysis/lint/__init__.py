"""What is wrong with streams: findings with stable codes. Pure: items of cassettes in, findings out."""

from sseproxy.analysis.lint.finding import Finding, Place, Rule, Severity, as_json, link
from sseproxy.analysis.lint.rules import GROUPS, RULES
from sseproxy.analysis.lint.session import Course, Sessions
from sseproxy.analysis.lint.stream import Expectations, StreamLinter, lint

__all__ = [
    "GROUPS",
    "RULES",
    "Course",
    "Expectations",
    "Finding",
    "Place",
    "Rule",
    "Sessions",
    "Severity",
    "StreamLinter",
    "as_json",
    "link",
    "lint",
]
