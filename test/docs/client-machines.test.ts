/** What docs/client-sign-in.md says about programs: its own program does it, and no option is left out. */

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { MCPClient } from '../../src/client/index.ts'
import { clientCredentials, enterprise, idp as idpOptions, workload } from '../../src/client/sign-in/machine-options.ts'
import { createClients, type NewClient } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { say, tool } from '../support/engine.ts'
import { startIssuer } from '../support/issuer.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { startService } from '../support/service.ts'
import { snippetsIn } from '../support/snippets.ts'

const permission = { access: 'protected', scopes: ['tools:read'], roles: [] } as const
const entries = [tool('look', () => say('seen'), { permission }), tool('write', () => say('written'))]
const FILE = 'docs/client-sign-in.md'

interface Program {
  asClient(serverUrl: string, issuer: string, clientId: string, keyFile: string): MCPClient
  asWorkload(serverUrl: string, issuer: string, tokenFile: string): MCPClient
}

test('the programs on the page sign in by themselves', async () => {
  // That they compile, `programs.test.ts` shows.
  const snippet = (await snippetsIn(FILE)).find(({ heading }) => heading === 'A program by itself')
  assert.ok(snippet)
  const folder = await createTempDir('machine-docs')
  const file = join(folder.path, 'program.ts')
  await writeFile(file, snippet.program.replace("'sallyport'", `'${pathToFileURL(join(ROOT, 'src', 'index.ts')).href}'`))
  const { asClient, asWorkload } = (await import(pathToFileURL(file).href)) as Program

  await using platform = await startIssuer()
  const subjects = { pod: { scopes: ['tools:read', 'tools:execute'] } }
  await using served = await startService(
    { port: 0 },
    {
      entries,
      auth: { trustedIssuers: [{ issuer: platform.issuer, use: ['workload'], subjects }] },
    },
  )
  const { url, issuer } = served.service
  const names = async (of: MCPClient): Promise<string[]> => (await of.listTools()).map(({ name }) => name)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const beside = await openData({ dataDir: served.dataDir })
  const { id } = await createClients({ ...beside, clock: Date.now }).create({
    name: 'nightly report',
    grantTypes: ['client_credentials'],
    authMethod: 'private_key_jwt',
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }] },
    scopes: ['tools:read'],
    createdBy: 'test',
  } as NewClient)
  await beside.store.close()

  const keyFile = join(folder.path, 'key.pem')
  const tokenFile = join(folder.path, 'token')
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(tokenFile, `${await platform.sign({ aud: [issuer], sub: 'pod' })}\n`)
  await using client = asClient(url, issuer, id, keyFile)
  assert.deepEqual(await names(client), ['look'], 'and what else there is, is not for its scopes')
  await using pod = asWorkload(url, issuer, tokenFile)
  assert.deepEqual((await names(pod)).toSorted(), ['look', 'write'])
  await folder.remove()
})

test('the page has every option of a program’s sign-in', async () => {
  const text = await readFile(join(ROOT, FILE), 'utf8')
  const page = text.slice(text.indexOf('## A program by itself'))
  for (const schema of [clientCredentials, enterprise, workload, idpOptions])
    for (const name of Object.keys((schema as unknown as { shape: object }).shape)) assert.match(page, new RegExp(`\\b${name}\\b`), name)
})
