"""A line of a cassette as a record, and its fields with their types checked."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import orjson

from sseproxy.cassette.migrate import Record
from sseproxy.errors import CassetteError
from sseproxy.exchange import Headers

E = TypeVar("E", bound=StrEnum)

LINE = "_line"
"""Where a record stood; no record of the format has this key."""
_LINE_ENDS = re.compile(rb"[\r\n\x00]")


def read_record(line: bytes, number: int) -> Record:
    """A line of a cassette, checked to be an object with a string `k`. Raises CassetteError."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CassetteError(f"not JSON: {_why(line) or error.msg}", line=number) from None
    if not isinstance(record, dict) or not isinstance(record.get("k"), str):
        raise CassetteError("each line should be a JSON object with a string `k`", line=number)
    record[LINE] = number
    return record


def _why(line: bytes) -> str:
    """What the parser says of bytes that are no text speaks of surrogates."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} of the line is not UTF-8"
    return ""


class Field(StrEnum):
    """The JSON types a field can be asked for, as an error calls them."""

    STRING = "a string"
    BOOLEAN = "true or false"
    OBJECT = "an object"
    LIST = "a list"

    def fits(self, value: object) -> bool:
        match self:
            case Field.STRING:
                return isinstance(value, str)
            case Field.BOOLEAN:
                return isinstance(value, bool)
            case Field.OBJECT:
                return isinstance(value, dict)
            case Field.LIST:
                return isinstance(value, list)


class Fields(NamedTuple):
    """A record, read field by field with the types checked."""

    record: Record

    def wrong(self, name: str, expected: str) -> CassetteError:
        what = f"`{name}` should be {expected}" if name in self.record else f"`{name}` is missing"
        return CassetteError(f"`{self.record['k']}` record: {what}", line=self.record[LINE])

    def get(self, name: str, kind: Field) -> Any:
        value = self.record.get(name)
        if not kind.fits(value):
            raise self.wrong(name, kind)
        return value

    def string(self, name: str) -> str:
        value: str = self.get(name, Field.STRING)
        return value

    def number(self, name: str) -> int:
        value = self.record.get(name)
        if type(value) is not int or value < 0:  # and no bool, which is an int too
            raise self.wrong(name, "a whole number from 0")
        return value

    def status(self) -> int:
        status = self.number("status")
        if not 100 <= status <= 999:
            raise self.wrong("status", "100 to 999")
        return status

    def raw(self, name: str) -> bytes:
        """A string of a head, in either of its forms."""
        return self._raw(self.record.get(name), name)

    def _raw(self, value: object, name: str) -> bytes:
        if isinstance(value, str):
            return self._utf8(value, name)
        if isinstance(value, dict) and isinstance(value.get("b64"), str):
            return self._unbase64(value["b64"], name)
        raise self.wrong(name, 'a string or {"b64": …}')

    def trailers(self) -> Headers:
        return self.headers("trailers") if "trailers" in self.record else ()

    def headers(self, name: str) -> Headers:
        pairs = self.get(name, Field.LIST)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise self.wrong(name, "a list of [name, value]")
        return tuple((self.one_line(key, name), self.one_line(value, name)) for key, value in pairs)

    def one_line(self, value: object, name: str) -> bytes:
        """A string of a head in either form, which a line end would make two."""
        if isinstance(value, str) and value.isascii() and value.isprintable():
            return value.encode()  # nearly all are so: a library of thousands is read in half the time
        raw = self._raw(value, name)
        if _LINE_ENDS.search(raw):
            raise self.wrong(name, "without CR, LF and NUL")
        return raw

    def content(self, where: Record | None = None) -> bytes:
        """`text` xor `b64`, of the record itself or of an object in it."""
        holder = self.record if where is None else where
        text, encoded = holder.get("text"), holder.get("b64")
        if isinstance(text, str) and encoded is None:
            return self._utf8(text, "text")
        if isinstance(encoded, str) and text is None:
            return self._unbase64(encoded, "b64")
        line, kind = self.record[LINE], self.record["k"]
        raise CassetteError(f"`{kind}` record: there should be either `text` or `b64`, a string", line=line)

    def _utf8(self, text: str, name: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError:
            raise self.wrong(name, "valid Unicode, without lone surrogates") from None

    def _unbase64(self, encoded: str, name: str) -> bytes:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise self.wrong(name, "base64") from None

    def choice(self, name: str, choices: Sequence[E]) -> E:
        value = self.string(name)
        for choice in choices:
            if choice == value:
                return choice
        raise self.wrong(name, f"one of {', '.join(choices)}, not {value!r}")
