// What the examples' checks have in common: a key made with the command line, as you would, and an end that says how it went.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const sallyport = fileURLToPath(new URL('../bin/sallyport.js', import.meta.url))

/** An API key for the server whose data is where `SALLYPORT_DATA_DIR` says. */
export function createKey(...scopes: readonly string[]): string {
  const flags = scopes.flatMap((scope) => ['--scope', scope])
  const printed = execFileSync(process.execPath, [sallyport, 'key', 'create', '--name', 'example', ...flags, '--json'], {
    encoding: 'utf8',
  })
  return (JSON.parse(printed) as { key: string }).key
}

/** Runs the check of an example in a data directory of its own choosing, and closes what it opened whatever happens. */
export async function check(story: string, close: () => Promise<void>, steps: () => Promise<void>): Promise<void> {
  if (!process.env['SALLYPORT_DATA_DIR']) throw new Error('set SALLYPORT_DATA_DIR to an empty folder: a check makes keys and people')
  try {
    await steps()
  } finally {
    await close()
  }
  console.log(`✓ ${story}`)
}
