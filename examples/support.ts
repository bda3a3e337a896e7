// What the examples' checks have in common: a key made with the command line, as you would, and an end that says how it went.

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../bin/sallyport.js', import.meta.url))

// A check makes keys and people: in a folder that goes with it, on a port that is free, unless it is told others. Imported before the
// server of the example, which looks at both.
if (!process.env['SALLYPORT_DATA_DIR']) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-check-'))
  process.env['SALLYPORT_DATA_DIR'] = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
}
process.env['PORT'] ??= '0'

/** What a command prints with `--json`, on the data where `SALLYPORT_DATA_DIR` says. The server in this process goes on meanwhile. */
// biome-ignore lint/suspicious/noExplicitAny: an answer that a check looks into.
export async function sallyport(...args: readonly string[]): Promise<any> {
  return JSON.parse((await promisify(execFile)(process.execPath, [program, ...args, '--json'])).stdout)
}

/** An API key for the server whose data is where `SALLYPORT_DATA_DIR` says. */
export function createKey(...scopes: readonly string[]): string {
  const flags = scopes.flatMap((scope) => ['--scope', scope])
  const printed = execFileSync(process.execPath, [program, 'key', 'create', '--name', 'example', ...flags, '--json'], { encoding: 'utf8' })
  return (JSON.parse(printed) as { key: string }).key
}

/** Runs the check of an example, and closes what it opened whatever happens. */
export async function check(story: string, close: () => Promise<void>, steps: () => Promise<void>): Promise<void> {
  try {
    await steps()
  } finally {
    await close()
  }
  console.log(`✓ ${story}`)
}
