/**
 * Whoever stays when we are killed. bubblewrap ends with us, but while it is being set up nothing tells its inner half so (it asks
 * for that signal last): it would run on, for nobody. One small process waits for the end of ours, and ends what is still marked.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'

// The first line is the mark; the next never comes. Twice: what had not become bubblewrap yet, has then.
// The mark is read, and is nowhere among the arguments of this or of `grep`.
const SCRIPT = `read -r mark; read -r end
for wait in 1 2; do
  for file in $(printf '%s\\n' "$mark" | grep -lsFf - /proc/[0-9]*/cmdline); do
    pid=\${file#/proc/}; kill -9 "\${pid%/cmdline}" 2>/dev/null
  done
  sleep "$wait"
done`

let mark: string | undefined
let waiting: ChildProcess | undefined

/** What every process of ours has to have among its arguments. Starts whoever waits, once. */
export function markOfOurs(path: string): string {
  mark ??= `SALLYPORT_${randomUUID().replaceAll('-', '')}`
  if (waiting === undefined) {
    // A session of its own: what ends us by a key or with our group does not end it.
    const child = spawn('/bin/sh', ['-c', SCRIPT], { cwd: '/', env: { PATH: path }, stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    waiting = child
    child.once('error', () => {})
    child.once('exit', () => (waiting = undefined))
    child.stdin?.on('error', () => {})
    child.stdin?.write(`${mark}\n`)
    // It waits for us, and not we for it.
    child.unref()
    ;(child.stdin as Socket | null)?.unref()
  }
  return mark
}
