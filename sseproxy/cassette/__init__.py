"""Cassettes: the file of one exchange, format version 1 (docs/cassette-format.md)."""
