// fetch in Node.js with the parser of eventsource-parser.
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { give, leave } from './reading.mjs'

const response = await fetch('http://127.0.0.1:8080/events', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ about: 'rain' }),
})
const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
for await (const event of events) {
  if (give(event)) break
}
await leave()
