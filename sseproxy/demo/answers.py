"""What the demo's flows say. Short, and of all kinds of text that a client may get wrong."""

from __future__ import annotations

from dataclasses import dataclass

ANSWERS = (
    "A stream is patient: it brings what it has and waits for the rest. At the café in Kraków the waiter "
    "works the same way — first the cup, then the coffee, then the bill. ☕",
    "The tide doesn't hurry; it comes in one wave at a time, and so does this answer. "
    "朝の電車は静かです, says the timetable, and the first train leaves at 5:04. 🚆",
    "Naïve clocks add up their sleeps and are late; a good one keeps to its deadlines.\n\nAs señora Núñez "
    "said: \"The end isn't where the text stops, it's where somebody says so.\"",
    "Three things can end a story: the last page, a power cut, or a reader who leaves. Only the first is an "
    "ending. The other two look like one from afar… 👩‍🚀",
)


@dataclass(frozen=True, slots=True)
class ToolStory:
    """An answer that a tool was called for."""

    tool: str
    input: dict[str, str]
    output: str
    answer: str


TOOL_STORIES = (
    ToolStory(
        "calculator",
        {"input": "6*7"},
        "42",
        "The calculator says that six times seven is 42. It didn't say what the question was — c'est la vie.",
    ),
    ToolStory(
        "current_time",
        {"timezone": "Asia/Tokyo"},
        "09:41",
        "In Tōkyō (東京) it is 9:41 in the morning. By the time you have read this sentence it's later; no "
        "recording can help that. ⏳",
    ),
)

DOCUMENTS: tuple[dict[str, object], ...] = (
    {
        "pageContent": "The lighthouse of Ærø was lit every evening, except when the keeper forgot.",
        "metadata": {"source": "lighthouses.txt", "page": 3},
    },
    {
        "pageContent": "A light that blinks twice and then pauses marks the north side of the harbour.",
        "metadata": {"source": "signals.txt", "page": 12},
    },
)

RETRIEVED = (
    "According to the keeper's book, the lighthouse of Ærø was lit each evening. Two short blinks and a "
    "pause mark the harbour's north side; smørrebrød is served on the south side."
)


def pick(question: str, choices: int) -> int:
    """Which of so many answers a question gets: the same one in each process, so not by `hash`."""
    return sum(map(ord, question)) % choices
