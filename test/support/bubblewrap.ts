// Whether a real sandbox can be made here: tests that need one are skipped, and say how to get it, where it cannot.

import { spawnSync } from 'node:child_process'

function problem(): string | undefined {
  if (process.platform !== 'linux') return 'bubblewrap is for Linux'
  const { error, status } = spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-net', '--unshare-pid', 'true'], { timeout: 60_000 })
  if (error) return 'bubblewrap is not installed: apt-get install bubblewrap (or dnf, pacman, apk add bubblewrap)'
  return status === 0 ? undefined : 'bubblewrap cannot make namespaces here: sallyport doctor says why'
}

const skip: string | undefined = problem()

/** `test('…', needsBubblewrap, …)` */
export const needsBubblewrap: { readonly skip: string | false } = { skip: skip ?? false }
