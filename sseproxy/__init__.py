"""Flight recorder and simulator for token streams: records server-sent events and replays them."""

__version__ = "0.1.0"
