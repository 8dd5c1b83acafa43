"""The flows of the real server, in as few words as it understands.

A flow is nodes and edges. A node takes another one as `{{id.data.instance}}` in its inputs, and then an edge
has to say so too. Positions and the like matter to its editor alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

CHAT_MODEL = "chatOpenAICustom"
DOCUMENT = "The lighthouse was lit every evening, except when the keeper forgot."


class Node(NamedTuple):
    name: str
    category: str
    inputs: Mapping[str, object] = {}
    takes: Mapping[str, str] = {}
    """Inputs that are other nodes, by their names."""
    output: str = ""
    """Which of its outputs is taken, where it has several."""


class Flow(NamedTuple):
    name: str
    model: str
    """What the scripted model does."""
    nodes: Sequence[Node]


def _model() -> Node:
    return Node(CHAT_MODEL, "Chat Models", {"streaming": True})


def _conversation(name: str, model: str) -> Flow:
    takes = {"model": CHAT_MODEL, "memory": "bufferMemory"}
    memory = Node("bufferMemory", "Memory", {"memoryKey": "chat_history"})
    return Flow(
        name,
        model,
        [_model(), memory, Node("conversationChain", "Chains", {"systemMessagePrompt": ""}, takes)],
    )


FLOWS = (
    _conversation("conversation", "steady"),
    Flow(
        "tools",
        "tool-user",
        [
            _model(),
            Node("bufferMemory", "Memory", {"memoryKey": "chat_history"}),
            Node("calculator", "Tools"),
            Node(
                "toolAgent",
                "Agents",
                {"systemMessage": "Use the calculator."},
                {"model": CHAT_MODEL, "memory": "bufferMemory", "tools": "calculator"},
            ),
        ],
    ),
    Flow(
        "retrieval",
        "steady",
        [
            _model(),
            Node("plainText", "Document Loaders", {"text": DOCUMENT}, output="document"),
            Node("openAIEmbeddingsCustom", "Embeddings"),
            Node(
                "memoryVectorStore",
                "Vector Stores",
                {"topK": "1"},
                {"document": "plainText", "embeddings": "openAIEmbeddingsCustom"},
                output="retriever",
            ),
            Node(
                "conversationalRetrievalQAChain",
                "Chains",
                {"returnSourceDocuments": True},
                {"model": CHAT_MODEL, "vectorStoreRetriever": "memoryVectorStore"},
            ),
        ],
    ),
    _conversation("error", "refusing"),
    _conversation("midfail", "dying"),
    _conversation("slow", "silent"),
)


def flow_data(flow: Flow, model_url: str, credential: str) -> str:
    """The flow as the server stores it."""
    nodes = [_node(node, flow.model, model_url, credential) for node in flow.nodes]
    edges = [
        {"id": f"{source}-{node.name}", "source": f"{source}_0", "target": f"{node.name}_0"}
        | {"sourceHandle": f"{source}_0-output-{source}", "targetHandle": f"{node.name}_0-input-{name}"}
        for node in flow.nodes
        for name, source in node.takes.items()
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


_LISTS = ("tools", "document")
"""Inputs that take several nodes."""
_ASKS_MODEL = (CHAT_MODEL, "openAIEmbeddingsCustom")


def _node(node: Node, model: str, model_url: str, credential: str) -> dict[str, object]:
    id = f"{node.name}_0"
    inputs = dict(node.inputs)
    for name, source in node.takes.items():
        reference = f"{{{{{source}_0.data.instance}}}}"
        inputs[name] = [reference] if name in _LISTS else reference
    data: dict[str, object] = {"id": id, "name": node.name, "category": node.category, "type": node.name}
    data |= {"inputAnchors": [], "inputParams": [], "outputAnchors": [], "baseClasses": []}
    data["outputs"] = {"output": node.output} if node.output else {}
    if node.name in _ASKS_MODEL:
        data["credential"] = credential
        inputs |= _account(model, model_url, credential)
    return {"id": id, "type": "customNode", "position": {"x": 0, "y": 0}, "data": data | {"inputs": inputs}}


def _account(model: str, model_url: str, credential: str) -> dict[str, object]:
    """Which model is asked, where, and with which stored key."""
    return {"modelName": model, "basepath": model_url, "credential": credential, "streaming": True} | {
        "FLOWISE_CREDENTIAL_ID": credential
    }


def agent_flow_data(model: str, model_url: str, credential: str) -> str:
    """An agent flow of version 2, with one agent that has a calculator, as the server stores it."""
    start = {"startInputType": "chatInput", "startEphemeralMemory": True, "startState": ""}
    agent = {
        "agentModel": CHAT_MODEL,
        "agentModelConfig": _account(model, model_url, credential) | {"agentModel": CHAT_MODEL},
        "agentMessages": [{"role": "system", "content": "Use the calculator."}],
        "agentTools": [{"agentSelectedTool": "calculator", "agentSelectedToolConfig": {}}],
        "agentEnableMemory": True,
        "agentMemoryType": "allMessages",
        "agentReturnResponseAs": "userMessage",
    }
    nodes = [
        _agent_node("startAgentflow", "Start", start),
        _agent_node("agentAgentflow", "Agent", agent),
    ]
    edge = {"id": "start-agent", "source": "startAgentflow_0", "target": "agentAgentflow_0"}
    edge |= {"sourceHandle": "startAgentflow_0-output-startAgentflow", "targetHandle": "agentAgentflow_0"}
    return json.dumps({"nodes": nodes, "edges": [edge | {"type": "agentFlow"}]})


def _agent_node(name: str, label: str, inputs: Mapping[str, object]) -> dict[str, object]:
    id = f"{name}_0"
    data: dict[str, object] = {
        "id": id,
        "name": name,
        "label": label,
        "type": label,
        "category": "Agent Flows",
    }
    data |= {"inputAnchors": [], "inputParams": [], "outputAnchors": [], "outputs": {}, "baseClasses": []}
    return {"id": id, "type": "agentFlow", "position": {"x": 0, "y": 0}, "data": {**data, "inputs": inputs}}
