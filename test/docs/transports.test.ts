/** The programs in docs/transports.md are run: their options are ones that a server takes. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { MCPServer } from '../../src/server/index.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/transports.md'), 'utf8')
const programs = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, program]) => program as string)

/** Where packages are found as a program of this repository finds them. */
const resolved = (program: string): string =>
  program.replace(/from '(\w+)'/g, (_, name: string) =>
    name === 'sallyport' ? `from ${url(join(ROOT, 'src/index.ts'))}` : `from '${import.meta.resolve(name)}'`,
  )
const url = (file: string): string => `'${pathToFileURL(file).href}'`

test('every program of docs/transports.md runs', async () => {
  assert.ok(programs.length >= 4)
  await using folder = await createTempDir('docs')
  mkdirSync(join(folder.path, 'programs'))
  for (const [at, program] of programs.entries()) {
    const file = join(folder.path, 'programs', `${at}.mjs`)
    writeFileSync(file, resolved(program))
    const made = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    assert.ok(Object.keys(made).length > 0)
    for (const [name, value] of Object.entries(made)) assert.ok(value instanceof MCPServer || name === 'app', name)
  }
})

test('its app answers what is the app’s', async () => {
  await using folder = await createTempDir('docs')
  process.env['SALLYPORT_DATA_DIR'] = folder.path
  const program = programs.find((each) => each.includes('express()')) as string
  const file = join(folder.path, 'app.mjs')
  writeFileSync(file, resolved(program).replace('const server', 'export const server'))
  const { app, server } = await import(pathToFileURL(file).href)
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const get = (path: string) => fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}${path}`)
  assert.equal(await (await get('/')).text(), 'the app')
  // Under another name than the public one.
  assert.equal((await get('/mcp')).status, 403)
  await server.close()
  http.closeAllConnections()
  http.close()
})

test('docs/transports.md names every option of where a server is reached', () => {
  const source = readFileSync(join(ROOT, 'src/server/listen.ts'), 'utf8')
  const interfaces = [...source.matchAll(/^export interface (?:Reach|Listen) [^{]*{\n([\s\S]*?)^}/gm)].map(([, body]) => body).join('')
  const options = [...interfaces.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name as string)
  assert.ok(options.length >= 6)
  for (const option of options) assert.ok(text.includes(`\`${option}\``), option)
})
