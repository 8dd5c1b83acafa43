"""What events mean to one family of servers: kind, text, ids, legal order."""

from sseproxy.dialects.detect import DIALECTS, PLAIN, detect, is_last
from sseproxy.dialects.dialect import COMMENT, DROPPED, UNSEEN, Dialect, Ids, Meaning

__all__ = [
    "COMMENT",
    "DIALECTS",
    "DROPPED",
    "PLAIN",
    "UNSEEN",
    "Dialect",
    "Ids",
    "Meaning",
    "detect",
    "is_last",
]
