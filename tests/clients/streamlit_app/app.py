"""A chat with a prediction server, as one writes it in Streamlit: `streamlit run app.py`.

FLOWISE_URL is where the server is; the page's address names the flow, as in `?flow=tools`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import streamlit as st
from flowise import Flowise, PredictionData

client = Flowise(base_url=os.environ.get("FLOWISE_URL", "http://127.0.0.1:8080"))
flow = st.query_params.get("flow", "conversation")


def tokens(question: str, kept: dict[str, Any]) -> Iterator[str]:
    """The answer's tokens as they come; what else the stream holds is kept."""
    asked = PredictionData(chatflowId=flow, question=question, streaming=True)
    for chunk in client.create_prediction(asked):
        event = json.loads(chunk)
        kept["events"].append(event["event"])
        if event["event"] == "token":
            kept["text"] += event["data"]
            yield event["data"]
        else:
            kept[event["event"]] = event["data"]


def show(kept: dict[str, Any]) -> None:
    """What stands below an answer."""
    if "error" in kept:
        st.error(kept["error"])
    if "broken" in kept:
        st.error(f"The stream broke off: {kept['broken']}")
    for tool in kept.get("usedTools", []):
        with st.expander(f"Tool: {tool['tool']}", expanded=True):
            st.json({"input": tool["toolInput"], "output": tool["toolOutput"]})
    for source in kept.get("sourceDocuments", []):
        with st.expander(f"Source: {source['metadata']['source']}", expanded=True):
            st.write(source["pageContent"])
    runs = [(event, len(list(run))) for event, run in groupby(kept["events"])]
    st.caption(", ".join(event if count == 1 else f"{event} x {count}" for event, count in runs))


st.title(f"Chat with {flow}")
for question, kept in st.session_state.setdefault("turns", []):
    st.chat_message("user").write(question)
    with st.chat_message("assistant"):
        st.write(kept["text"])
        show(kept)

if question := st.chat_input("Ask"):
    st.chat_message("user").write(question)
    kept = {"text": "", "events": []}
    with st.chat_message("assistant"):
        try:
            st.write_stream(tokens(question, kept))
        except OSError as error:  # as all errors of requests are
            kept["broken"] = type(error).__name__
        show(kept)
    st.session_state.turns.append((question, kept))
