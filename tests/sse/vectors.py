"""What the standard makes of a stream of bytes, as a table: WHATWG HTML, section 9.2.

Each group of vectors names the rule it is about. A group marked "wpt" also holds the situations of the
web-platform-tests file of that name (folder `eventsource/`), with data of our own. The
`format-mime-*` files are left out: they are about the response's header, which is judged before the
first byte reaches a parser.
"""

from __future__ import annotations

from .vectors_fields import FIELDS
from .vectors_stream import STREAM

VECTORS = (*STREAM, *FIELDS)
