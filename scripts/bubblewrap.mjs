/** bubblewrap, which makes the sandbox on Linux. Tests that need one are skipped without it, and say so. */

import { spawnSync } from 'node:child_process'
import { installFromDebian } from './debian.mjs'

const has = () => !spawnSync('bwrap', ['--version'], { stdio: 'ignore' }).error

/** Undefined where it is, else what a person can do. */
export function missingBubblewrap() {
  if (process.platform !== 'linux' || has()) return undefined
  return 'bubblewrap is not installed, so the tests of the sandbox are skipped\nfix: apt-get install bubblewrap (or dnf, pacman, apk add bubblewrap)'
}

/** Installs it where that is possible. */
export function ensureBubblewrap() {
  if (missingBubblewrap() !== undefined) installFromDebian('bubblewrap', 'bubblewrap')
}
