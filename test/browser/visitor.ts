/**
 * Somebody at a real browser: Chromium, with a profile of their own that nobody keeps. `look` is what a careful reader does at each page:
 * axe-core looks for what somebody with a keyboard or a screen reader would stumble over, in light and in dark; nothing may run out of a
 * narrow screen; and where somebody wants to look at them (`npm run pages`), a picture of each is left in test/artefacts/pages.
 *
 * What the browser complains of (a policy that was broken, an error in a script) fails the walk.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.mjs'
import { ROOT } from '../support/paths.ts'

export interface Visitor extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** What a person reads on the page. */
  text(): Promise<string>
  /** Axe, and where they are wanted the pictures `NAME-light`, `NAME-dark` and `NAME-narrow`. */
  look(name: string): Promise<void>
  /** Presses Tab until the keyboard is there, and sees that one can see it. */
  tabTo(role: 'button' | 'checkbox' | 'link' | 'radio' | 'textbox', name: string | RegExp): Promise<void>
}

const PICTURES = join(ROOT, 'test', 'artefacts', 'pages')
const takesPictures = process.env['PICTURES'] !== undefined
const WIDE = { width: 1000, height: 760 }
const MOST_TABS = 60
const NARROW = { width: 360, height: 740 }

const executablePath = findChromium()
const skip = executablePath === undefined && 'there is no Chromium here: npm run pages installs it on Debian as root'

let started: Promise<Browser> | undefined
after(async () => (await started)?.close())

function start(): Promise<Browser> {
  // The sandbox of the browser needs rights that root in a container has not; it sees only our own pages.
  started ??= chromium.launch({ ...(executablePath && { executablePath }), chromiumSandbox: false, args: ['--disable-dev-shm-usage'] })
  return started
}

/** A test that needs a browser; where there is none it is skipped, and says so. */
export function walk(name: string, steps: (context: TestContext) => Promise<void>): void {
  test(name, { skip, timeout: 120_000 }, steps)
}

/** `javaScript: false`: as with a browser in which it is switched off. */
export async function openVisitor({ javaScript = true }: { javaScript?: boolean } = {}): Promise<Visitor> {
  const browser = await start()
  const context = await browser.newContext({ javaScriptEnabled: javaScript, viewport: WIDE, locale: 'en-GB', timezoneId: 'UTC' })
  context.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const listen = (page: Page): void => {
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // A page that says what went wrong has a status that says so too, and the browser mentions it.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
    })
  }
  context.on('page', listen)
  const page = await context.newPage()
  const picture = async (name: string): Promise<void> => {
    if (takesPictures) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
  }
  if (takesPictures) await mkdir(PICTURES, { recursive: true })

  return {
    page,
    context,
    text: () => page.locator('body').innerText(),
    async look(name) {
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
        if (javaScript) assert.deepEqual(await stumblingBlocks(page, scheme), [], `${name}, ${scheme}`)
        await picture(`${name}-${scheme}`)
      }
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(NARROW)
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      assert.ok(width <= NARROW.width, `${name}: ${width} pixels on a screen of ${NARROW.width}`)
      await picture(`${name}-narrow`)
      await page.setViewportSize(WIDE)
      assert.deepEqual(complaints, [], name)
    },
    async tabTo(role, name) {
      const target = page.getByRole(role, { name, ...(typeof name === 'string' && { exact: true }) })
      for (let pressed = 0; pressed < MOST_TABS; pressed++) {
        if ((await target.and(page.locator(':focus')).count()) > 0) {
          const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
          assert.notEqual(outline, 'none', `${role} ${name} shows that it has the keyboard`)
          return
        }
        await page.keyboard.press('Tab')
      }
      assert.fail(`${role} ${name} is not reached with the keyboard`)
    },
    async [Symbol.asyncDispose]() {
      await context.close()
      assert.deepEqual(complaints, [])
    },
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What axe-core finds: which rule, where, and what to do. In the dark only colours are others. */
async function stumblingBlocks(page: Page, scheme: 'light' | 'dark'): Promise<string[]> {
  // By the debugger: the page's own policy lets no script in.
  if (scheme === 'light') await page.evaluate(axe)
  const which = scheme === 'light' ? '' : `{ runOnly: ['color-contrast'] }`
  const violations = await page.evaluate<readonly Finding[]>(`axe.run(${which}).then(({ violations }) => violations)`)
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`),
  )
}
