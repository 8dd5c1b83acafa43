// fetch in a page of another origin: asks for leave to post JSON, then reads the stream as it comes.
import { withForeignPage } from './browser.mjs'
import { give, leave } from './reading.mjs'

await withForeignPage(async (page) => {
  await page.exposeFunction('give', give)
  await page.evaluate(async () => {
    const leaving = new AbortController()
    const response = await fetch('http://127.0.0.1:8080/api/v1/prediction/conversation', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ question: 'Tell me a joke!', streaming: true }),
      signal: leaving.signal,
    })
    let text = ''
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + piece).split('\n\n')
      text = blocks.pop()
      for (const block of blocks) {
        const enough = await give(JSON.parse(block.replace(/^(message:\n)?data:/, '')))
        if (enough) return leaving.abort()
      }
    }
  })
  await leave()
})
