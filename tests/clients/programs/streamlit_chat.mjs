// A person who chats: asks each flow in the app of tests/clients/streamlit_app, and watches the answer come.
import { join } from 'node:path'
import { withPage } from './browser.mjs'
import { give } from './reading.mjs'

/** Notes each state of the answer that the page ever shows. */
function watch() {
  window.seen = []
  const look = () => {
    const text = document.querySelectorAll('[data-testid="stChatMessage"]')[1]?.querySelector('p')?.innerText
    if (text && text !== window.seen.at(-1)) window.seen.push(text)
  }
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
}

await withPage(async (page) => {
  for (const flow of process.env.FLOWS.split(' ')) {
    await page.goto(`http://127.0.0.1:8080/?flow=${flow}`)
    await page.evaluate(watch)
    const box = page.getByPlaceholder('Ask')
    await box.fill('Tell me a joke!')
    await box.press('Enter')
    const answer = page.getByTestId('stChatMessage').nth(1)
    const events = answer.getByTestId('stCaptionContainer')
    await events.waitFor()
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `${flow}.png`) })
    give({
      flow,
      seen: await page.evaluate(() => window.seen),
      shown: await answer.getByTestId('stExpander').allInnerTexts(),
      errors: await answer.getByTestId('stAlert').allInnerTexts(),
      events: await events.innerText(),
    })
  }
})
