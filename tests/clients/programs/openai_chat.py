"""OpenAI's library: chat completions, with a tool call."""

from openai import OpenAI

from tests.clients.reading import give, leave

client = OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="sk-of-nobody")
with client.chat.completions.create(
    model="scripted", messages=[{"role": "user", "content": "Is it raining in Kraków?"}], stream=True
) as stream:
    for chunk in stream:
        if give(chunk.model_dump(exclude_unset=True)):
            break
leave()
