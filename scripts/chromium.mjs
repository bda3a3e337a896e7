/**
 * The Chromium that the pages are walked with: the one named in CHROMIUM, or one that is installed; on Debian, as root, it is
 * installed from there. Everywhere else a person has to: the suite then skips, and says so.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

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

/** The same, after an attempt to install it. Says on stderr what it does, and why where it cannot. */
export function ensureChromium() {
  const found = findChromium()
  if (found !== undefined) return found
  if (!isDebian() || process.getuid?.() !== 0) {
    console.error('There is no Chromium here, and it is installed only on Debian as root.\nfix: install it, or name one in CHROMIUM')
    return undefined
  }
  console.error('Installing Chromium from Debian (first time only) …')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-qq', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation'],
  ]) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 })
    if (status === 0) continue
    console.error(
      `apt-get ${args[0]} failed: ${String(stderr ?? '')
        .trim()
        .split('\n')
        .slice(-2)
        .join(' ')}`,
    )
    return undefined
  }
  return findChromium()
}

/** Debian itself: what Ubuntu calls chromium is a wrapper around another way to install it. */
function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
