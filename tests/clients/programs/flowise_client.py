"""The prediction server's Python library."""

import json

from flowise import Flowise, PredictionData

from tests.clients.reading import give, leave

client = Flowise(base_url="http://127.0.0.1:8080")
asked = PredictionData(chatflowId="conversation", question="Tell me a joke!", streaming=True)
for chunk in client.create_prediction(asked):
    if give(json.loads(chunk)):
        break
leave()
