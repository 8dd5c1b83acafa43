// EventSource in a page of another origin: reconnects by itself, with the id of the last event.
import { withForeignPage } from './browser.mjs'
import { enough, give, leave } from './reading.mjs'

await withForeignPage(async (page) => {
  await page.exposeFunction('give', give)
  await page.evaluate(
    (enough) =>
      new Promise((resolve) => {
        const source = new EventSource('http://127.0.0.1:8080/feed')
        const told = []
        const take = (event) => {
          told.push(give({ event: event.type, data: event.data, id: event.lastEventId }))
          if (told.length !== enough && event.type !== 'done') return
          source.close() // at once: with a retry of 10 ms it would be back before `give` is
          resolve(Promise.all(told))
        }
        for (const type of ['message', 'weather', 'done']) source.addEventListener(type, take)
      }),
    enough,
  )
  await leave()
})
