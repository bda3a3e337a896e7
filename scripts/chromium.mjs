/** The Chromium that the pages are walked with: the one named in CHROMIUM, or one that is installed, from Debian where that is possible. */

import { existsSync } from 'node:fs'
import { installFromDebian } from './debian.mjs'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Its path, or undefined. */
export const findChromium = () => [process.env.CHROMIUM, ...places].find((path) => path && existsSync(path))

/** The same, after an attempt to install it. */
export function ensureChromium() {
  if (findChromium() === undefined) installFromDebian('Chromium', 'chromium', 'fonts-liberation')
  return findChromium()
}
