"""A small prediction server that streams as the real one does, to try the proxy and the mock server on.

`model` and `flows` say what is sent and when, `wire` turns it into bytes; all three are pure. `server` is the
edge. Nothing is imported here, so that the pure part can be had without aiohttp.
"""
