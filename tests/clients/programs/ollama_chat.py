"""Ollama's library: lines of JSON, no events."""

from ollama import Client

from tests.clients.reading import give, leave

client = Client(host="http://127.0.0.1:8080")
for part in client.chat(
    model="scripted", messages=[{"role": "user", "content": "Is it raining in Kraków?"}], stream=True
):
    if give(part.model_dump(exclude_unset=True)):
        break
leave()
