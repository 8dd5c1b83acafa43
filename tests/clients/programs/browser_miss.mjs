// fetch in a page of another origin: JSON for a path that nobody has recorded, which takes a preflight.
import { withForeignPage } from './browser.mjs'
import { give } from './reading.mjs'

await withForeignPage(async (page) => {
  const told = await page.evaluate(async () => {
    const response = await fetch('http://127.0.0.1:8080/nowhere', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    })
    return { status: response.status, text: (await response.json()).detail }
  })
  give(told)
})
