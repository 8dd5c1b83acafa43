"""Each flow's order of events, as a table, and what the events hold."""

from __future__ import annotations

import uuid
from itertools import groupby

import pytest

from sseproxy.demo.answers import ANSWERS, RETRIEVED, TOOL_STORIES
from sseproxy.demo.flows import CANNOT_STREAM, COMMENT, FLOWS, Ending, Script

QUESTION = "What is the capital of France?"
DOCUMENTED = {"start", "token", "error", "metadata", "sourceDocuments", "usedTools", "end"}

# Delays of `midfail` for "Hi" and seed 0, in microseconds.
PINNED = [61967, 376017, 58032, 27291, 42231, 22396, 9760, 23684, 20688, 15529, 42257, 43651, 0]

ORDERS = {
    "conversation": "start token+ metadata end",
    "tools": "start token+ usedTools metadata end",
    "retrieval": "start token+ sourceDocuments metadata end",
    "agent": (
        "agentFlowEvent nextAgentFlow+ agentFlowExecutedData nextAgentFlow token+ calledTools token+ "
        "usedTools calledTools usageMetadata nextAgentFlow agentFlowExecutedData agentFlowEvent metadata end"
    ),
    "error": "error end",
    "midfail": "start token+ error end",
    "slow": "start token+ : token+ metadata end",
    "cut": "start token+",
    "plain": "start token+ metadata end",
}


def script(flow: str, seed: int = 0, question: str = QUESTION, chat_id: str | None = None) -> Script:
    return FLOWS[flow](question, seed, chat_id)


def only(flow: Script, kind: str) -> list[object]:
    return [step.data for step in flow.steps if step.kind == kind]


def test_the_table_has_all_flows() -> None:
    assert set(ORDERS) == set(FLOWS)
    assert set(FLOWS) >= CANNOT_STREAM


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("flow", "order"), ORDERS.items())
def test_order(flow: str, order: str, seed: int) -> None:
    kinds = [(kind, len(list(run))) for kind, run in groupby(step.kind for step in script(flow, seed).steps)]
    assert " ".join(kind + "+" * (count > 1) for kind, count in kinds) == order


def test_the_flows_together_show_each_documented_event() -> None:
    assert {step.kind for flow in FLOWS for step in script(flow).steps} >= DOCUMENTED


@pytest.mark.parametrize("flow", FLOWS)
def test_one_seed_one_script(flow: str) -> None:
    assert script(flow, 5) == script(flow, 5)
    assert script(flow, 5) != script(flow, 6)


def test_a_seed_gives_the_same_script_on_each_python() -> None:
    made = script("midfail", question="Hi")
    assert [step.delay for step in made.steps] == PINNED
    [metadata] = only(script("conversation", question="Hi"), "metadata")
    assert isinstance(metadata, dict)
    assert metadata["chatId"] == "e3e70682-c209-4cac-a29f-6fbed82c07cd"
    assert metadata["chatMessageId"] == "9558867f-5ba9-4faf-ba02-4204f7c1bd87"


@pytest.mark.parametrize("flow", FLOWS)
def test_delays(flow: str) -> None:
    for seed in range(20):
        made = script(flow, seed)
        assert 7_000 <= made.head <= 25_000
        assert made.steps[0].delay > made.head
        assert all(step.delay >= 0 for step in made.steps)


@pytest.mark.parametrize("flow", FLOWS)
def test_only_cut_ends_badly(flow: str) -> None:
    assert script(flow).ending is (Ending.CUT if flow == "cut" else Ending.CLEAN)


@pytest.mark.parametrize("flow", ["conversation", "tools", "retrieval", "agent", "slow"])
def test_tokens_join_to_an_answer(flow: str) -> None:
    answers = {*ANSWERS, RETRIEVED, *(story.answer for story in TOOL_STORIES)}
    for question in ("", "a", "b", "c", "d", QUESTION, "日本"):
        tokens = only(script(flow, question=question), "token")
        assert "".join(map(str, tokens)) in answers


def test_the_question_chooses_the_answer() -> None:
    said = {"".join(map(str, only(script("conversation", question=q), "token"))) for q in "abcd"}
    assert said == set(ANSWERS)


def test_answers_have_text_beyond_ascii() -> None:
    assert not any(answer.isascii() for answer in (*ANSWERS, RETRIEVED))


def test_metadata() -> None:
    [data] = only(script("conversation"), "metadata")
    assert isinstance(data, dict)
    assert list(data) == ["chatId", "chatMessageId", "question", "sessionId", "memoryType"]
    assert data["question"] == QUESTION
    assert data["sessionId"] == data["chatId"] != data["chatMessageId"]
    for name in ("chatId", "chatMessageId"):
        assert str(uuid.UUID(data[name])) == data[name]
        assert uuid.UUID(data[name]).version == 4


def test_a_chat_that_goes_on_keeps_its_id_and_changes_nothing_else() -> None:
    new, on = script("conversation"), script("conversation", chat_id="mine")
    [data] = only(on, "metadata")
    assert isinstance(data, dict)
    assert (data["chatId"], data["sessionId"]) == ("mine", "mine")
    assert [(step.delay, step.kind) for step in new.steps] == [(step.delay, step.kind) for step in on.steps]


def test_tools_names_tool_input_and_output() -> None:
    assert only(script("tools", question=""), "usedTools") == [
        [{"tool": "calculator", "toolInput": {"input": "6*7"}, "toolOutput": "42"}]
    ]


def test_retrieval_has_documents() -> None:
    [documents] = only(script("retrieval"), "sourceDocuments")
    assert isinstance(documents, list)
    assert all(list(document) == ["pageContent", "metadata"] for document in documents)


def test_agent_data_is_cumulative() -> None:
    first, last = only(script("agent"), "agentFlowExecutedData")
    assert isinstance(first, list)
    assert isinstance(last, list)
    assert last[: len(first)] == first
    assert only(script("agent"), "agentFlowEvent") == ["INPROGRESS", "FINISHED"]


def test_errors_say_which() -> None:
    assert " 401 " in str(only(script("error"), "error"))
    assert len(only(script("midfail"), "token")) == 10
    assert str(only(script("midfail"), "error")[0]).endswith(" terminated")


def test_slow_is_silent_on_both_sides_of_its_heartbeat() -> None:
    steps = script("slow").steps
    beat = [step.kind for step in steps].index(COMMENT)
    assert steps[beat].data == "heartbeat"
    assert min(steps[beat].delay, steps[beat + 1].delay) >= 7_000_000
