"""Anthropic's library: messages, with a tool call."""

from anthropic import Anthropic

from tests.clients.reading import give, leave

client = Anthropic(base_url="http://127.0.0.1:8080", api_key="sk-of-nobody")
with client.messages.create(
    model="scripted",
    max_tokens=100,
    messages=[{"role": "user", "content": "Is it raining in Kraków?"}],
    stream=True,
) as stream:
    for event in stream:
        if give(event.model_dump(mode="json", exclude_unset=True)):
            break
leave()
