// Lists that would tell one caller what another did, or change because somebody looked.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { directory, resource, resourceTemplate } from '../../src/server/resources/index.ts'
import { verifies } from '../requirements.ts'
import { principal } from '../support/engine.ts'
import { createTempDir, mcp } from '../support/index.ts'
import { startResources } from '../support/resources.ts'

verifies('RS24', 'hidden-names')

const temp = await createTempDir('lists')
after(() => temp.remove())
mkdirSync(join(temp.path, 'notes'))
for (const name of ['b.md', 'a.md', 'ü.md', 'Z.md']) writeFileSync(join(temp.path, 'notes', name), name)

const rig = await startResources(
  {
    resources: [
      resource({ uri: 'x://all', name: 'all', permissions: 'public', read: () => 'all' }),
      resource({ uri: 'x://default', name: 'default', read: () => 'default' }),
      resource({ uri: 'x://scoped', name: 'scoped', permissions: { requiredScopes: ['x'] }, read: () => 'scoped' }),
      resource({ uri: 'x://boss', name: 'boss', permissions: { access: 'private', users: ['boss'] }, read: () => 'boss' }),
      resource({ uri: 'x://denied', name: 'denied', permissions: 'denied', read: () => 'denied' }),
      directory({ uri: 'n://x/', path: join(temp.path, 'notes'), name: 'notes', permissions: { requiredScopes: ['notes'] } }),
    ],
    resourceTemplates: [
      resourceTemplate({ uriTemplate: 't://{id}', name: 't', permissions: { requiredScopes: ['x'] }, read: ({ id }) => String(id) }),
    ],
  },
  {
    none: principal('none', { scopes: [] }),
    ana: principal('ana', { scopes: ['resources:read'] }),
    other: principal('other', { scopes: ['resources:read'] }),
    reader: principal('reader', { scopes: ['notes', 'x'] }),
    boss: principal('boss', { credential: 'token', scopes: ['resources:read'] }),
  },
)
after(() => rig.close())
const client = (key: string) => mcp(rig.url, { key })
const uris = async (key: string) => (await client(key).list('resources')).map(({ uri }) => uri)

test('a list shows what its reader may use now, and nothing else', async () => {
  assert.deepEqual(rig.problems, [])
  assert.deepEqual(await uris('none'), ['x://all'])
  assert.deepEqual(await uris('ana'), ['x://all', 'x://default'])
  assert.deepEqual(await uris('reader'), ['x://all', 'x://scoped', 'n://x/Z.md', 'n://x/a.md', 'n://x/b.md', 'n://x/%C3%BC.md'])
  assert.deepEqual(await uris('boss'), ['x://all', 'x://default', 'x://boss'])
  assert.deepEqual(await client('ana').list('resources/templates'), [])
  assert.deepEqual(
    (await client('reader').list('resources/templates')).map(({ uriTemplate }) => uriTemplate),
    ['n://x/{+path}', 't://{id}'],
  )
})

test('what is listed can be read, and what can be read without being listed is only what a template covers', async () => {
  for (const key of ['none', 'ana', 'reader', 'boss'])
    for (const uri of await uris(key)) assert.ok((await client(key).request('resources/read', { uri })).result, `${key} ${uri}`)
})

test('a list is the same on every connection, in both eras, and after any request', async () => {
  const before = await client('reader').list('resources')
  const [one, two] = [client('reader'), client('reader')]
  await one.request('resources/read', { uri: 'x://scoped' })
  await one.request('resources/read', { uri: 'x://boss' })
  await one.request('resources/read', { uri: 't://anything' })
  await one.request('resources/read', { uri: 'n://x/new.md' })
  await one.request('completion/complete', { ref: { type: 'ref/resource', uri: 'n://x/{+path}' }, argument: { name: 'path', value: 'a' } })
  await client('boss').request('resources/read', { uri: 'x://boss' })
  for (const each of [one, two, client('reader'), mcp(rig.url, { key: 'reader', version: '2025-11-25' })])
    assert.deepEqual(await each.list('resources'), before)
  // Two who may use the same get the same bytes.
  const [ana, other] = await Promise.all(['ana', 'other'].map((key) => client(key).request('resources/list')))
  assert.deepEqual(ana?.result, other?.result)
})
