/** Programs that tests need and Debian has: installed from there, on Debian itself and as root. Everywhere else a person has to. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether they are there now. Says on stderr what it does, and why where it cannot. */
export function installFromDebian(what, ...packages) {
  if (!isDebian() || process.getuid?.() !== 0) {
    console.error(`There is no ${what} here, and it is installed only on Debian as root.\nfix: install it (${packages[0]})`)
    return false
  }
  console.error(`Installing ${what} from Debian (first time only) …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-qq', '-y', '--no-install-recommends', ...packages],
  ]) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 })
    if (status === 0) continue
    const why = String(stderr ?? '')
      .trim()
      .split('\n')
      .slice(-2)
    console.error(`apt-get ${args[0]} failed: ${why.join(' ')}`)
    return false
  }
  return true
}

/** Debian itself: what Ubuntu calls chromium is a wrapper around another way to install it. */
function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
