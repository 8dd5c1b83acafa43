// A person who has read enough: WAY is the stop button of the app in tests/clients/streamlit_app, or the tab's.
import { withPage } from './browser.mjs'
import { give, leave } from './reading.mjs'

await withPage(async (page) => {
  await page.goto('http://127.0.0.1:8080/')
  const box = page.getByPlaceholder('Ask')
  await box.fill('Tell me a joke!')
  await box.press('Enter')
  const answer = page.getByTestId('stChatMessage').nth(1).locator('p')
  await answer.getByText(process.env.READ).waitFor()
  give(await answer.innerText())
  if (process.env.WAY === 'tab') await page.close()
  else await page.getByTestId('stStatusWidget').getByText('Stop').click()
  await leave()
})
