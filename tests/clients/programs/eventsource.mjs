// eventsource in Node.js: reconnects by itself, with the id of the last event.
import { EventSource } from 'eventsource'
import { give, leave } from './reading.mjs'

const source = new EventSource('http://127.0.0.1:8080/feed')
await new Promise((resolve) => {
  const take = (event) => {
    const enough = give({ event: event.type, data: event.data, id: event.lastEventId })
    if (!enough && event.type !== 'done') return
    source.close()
    resolve()
  }
  for (const type of ['message', 'weather', 'done']) source.addEventListener(type, take)
})
await leave()
