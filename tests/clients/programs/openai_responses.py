"""OpenAI's library: responses, with a tool call."""

from openai import OpenAI

from tests.clients.reading import give, leave

client = OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="sk-of-nobody")
with client.responses.create(model="scripted", input="Is it raining in Kraków?", stream=True) as stream:
    for event in stream:
        if give(event.model_dump(mode="json", exclude_unset=True)):
            break
leave()
