// EventSource in a page: comes back after the server's `retry`, and not after the 3 s of Chromium's own.
import { withForeignPage } from './browser.mjs'
import { give } from './reading.mjs'

await withForeignPage(async (page) => {
  const first = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const source = new EventSource('http://127.0.0.1:8080/feed')
        source.onerror = () => {
          source.onopen = () => resolve('back')
          setTimeout(() => resolve('two seconds'), 2000)
        }
      }),
  )
  give(first)
})
