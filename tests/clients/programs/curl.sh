curl -sN http://127.0.0.1:8080/api/v1/prediction/conversation \
  -H "Content-Type: application/json" -d '{"question": "Tell me a joke!", "streaming": true}'
