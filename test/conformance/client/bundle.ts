// Makes the program of `main.ts` one file: the suite starts some thirty of it at once, and each would load and strip hundreds of modules.

import { randomUUID } from 'node:crypto'
import { globSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'
import { ROOT } from '../../support/index.ts'

const BUNDLE = join(ROOT, 'test', 'artefacts', 'conformance-client.mjs')
const SOURCES = ['src/**/*.ts', 'test/conformance/client/*.ts', 'package-lock.json']

/** Where it is; made anew where anything that it is made from is younger. Several processes may ask for it at once. */
export async function bundleClient(): Promise<string> {
  if (isYoungest(BUNDLE)) return BUNDLE
  // Beside it, and then in its place: nobody starts half of it.
  const made = `${BUNDLE}.${randomUUID()}.mjs`
  await build({
    input: join(ROOT, 'test', 'conformance', 'client', 'main.ts'),
    platform: 'node',
    logLevel: 'warn',
    output: { file: made, format: 'esm', codeSplitting: false },
  })
  renameSync(made, BUNDLE)
  return BUNDLE
}

function isYoungest(file: string): boolean {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return globSync(SOURCES, { cwd: ROOT }).every((source) => statSync(join(ROOT, source)).mtimeMs < made)
}
