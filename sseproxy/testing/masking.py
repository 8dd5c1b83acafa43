"""What is masked in a run of tests: what the configuration file says, and secrets of the environment."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

from sseproxy.redaction import Rules, own_rules


class Masking:
    """Makes the rules once for all tests that want the same: they learn what streams look like."""

    def __init__(self, table: object = None, where: str = "") -> None:
        """`table`: `[redact]` of a configuration file, which errors call `where`."""
        self._table = {} if table is None else table
        self._where = where
        self._made: dict[tuple[tuple[str, str], ...], Rules] = {}

    def rules(self, secret_env: Sequence[str], *, records: bool) -> Rules | None:
        """Those with the values of these variables; None: what we know of. `records`: warns of one not set.

        Raises SseproxyError for what is no rule, and for a value that is too short.
        """
        values = {name: os.environ.get(name, "") for name in secret_env}
        for name in (name for name, value in values.items() if records and not value):
            warnings.warn(f"sseproxy: {name} (secret_env) is not set: nothing to mask", stacklevel=2)
        secrets = {name: value for name, value in values.items() if value}
        if not (self._table or secrets):
            return None
        key = tuple(sorted(secrets.items()))
        if key not in self._made:
            self._made[key] = own_rules(self._table, self._where, secrets)
        return self._made[key]
