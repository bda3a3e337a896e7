/**
 * `sallyport new NAME`: a small server with a test and a Dockerfile, in a folder of its own. Writes nothing where something is.
 *
 * @module
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Common } from '../common.ts'
import { CliError } from '../errors.ts'
import { createOutput } from '../output.ts'
import { version } from '../version.ts'

export interface NewOptions extends Common {
  readonly dryRun?: boolean
}

/** Three folders up, in a checkout and in the package alike: `dist` has the folders of `src`. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const TEMPLATE = join(ROOT, 'templates', 'server')
/** What npm and git take as their own while it lies in our package has another name there. */
const renamed: Readonly<Record<string, string>> = {
  'package.json.template': 'package.json',
  'tsconfig.json.template': 'tsconfig.json',
  'gitignore.template': '.gitignore',
  'dockerignore.template': '.dockerignore',
}
const shape = /^[a-z0-9][a-z0-9._-]{0,62}$/

export function newServer(name: string, { json = false, dryRun = false }: NewOptions): void {
  const output = createOutput(json)
  if (!shape.test(name))
    throw new CliError('E-USAGE', 'that is no name for a package', 'take small letters, digits, "-", "_" and ".", at most 63')
  const folder = resolve(name)
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new CliError('E-EXISTS', `there is something in ${name} already`, 'choose another name, or empty the folder')

  const isCheckout = existsSync(join(ROOT, 'src', 'cli', 'main.ts'))
  const toRoot = (from: string): string => relative(from, realpathSync(ROOT)).replaceAll('\\', '/')
  // What is in a checkout need not be what a registry has.
  const dependency = isCheckout ? `file:${toRoot(join(realpathSync('.'), name))}` : version()
  const files = filesBelow(TEMPLATE).map((file) => ({ from: file, to: renamed[file] ?? file }))
  for (const { from, to } of dryRun ? [] : files) {
    const target = join(folder, to)
    mkdirSync(dirname(target), { recursive: true })
    const text = readFileSync(join(TEMPLATE, from), 'utf8')
    writeFileSync(target, text.replaceAll('my-server', name).replaceAll('SALLYPORT_VERSION', dependency), { flag: 'wx' })
  }
  const written = files.map(({ to }) => to).sort()
  output.object({ name, folder, files: written, dryRun })
  const tick = output.paint('green', '✓')
  output.line(dryRun ? `Would write ${written.length} files to ${name}:` : `${tick} ${written.length} files in ${name}, no install scripts`)
  for (const file of written) output.line(`  ${file}`)
  output.line()
  // Programs import what is compiled, while the command of a checkout runs from src/.
  const build =
    isCheckout && !existsSync(join(ROOT, 'dist', 'index.js')) ? `npm --prefix '${toRoot(realpathSync('.')) || '.'}' run build && ` : ''
  if (isCheckout)
    output.line(`It takes sallyport from this checkout (${dependency}); its Dockerfile needs a published version in package.json.`)
  output.line(`Next:  ${build}cd ${name} && npm install && npm test && npm start`)
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
