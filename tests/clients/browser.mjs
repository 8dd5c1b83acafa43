// A page of another origin in Chromium: what the programs for the browser share.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

// The machine's own Chromium, and nothing that it would ask its maker for.
const SWITCHES = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update']

/** Opens Chromium, hands `visit` an empty page, and closes it. */
export async function withPage(visit) {
  const folder = await mkdtemp(join(tmpdir(), 'sseproxy-chromium-'))
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM,
    headless: true,
    args: SWITCHES,
    viewport: { width: 900, height: 1000 },
  })
  try {
    const page = browser.pages()[0]
    page.on('pageerror', (error) => console.error(error))
    page.on('console', (message) => console.error(message.text()))
    await visit(page)
  } finally {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same with a page of an origin of its own. */
export async function withForeignPage(visit) {
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>a page</title>')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    await withPage(async (page) => {
      await page.goto(`http://127.0.0.1:${server.address().port}/`)
      await visit(page)
    })
  } finally {
    server.close()
  }
}
