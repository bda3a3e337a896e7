/** What doctor finds of the secrets that a configuration refers to: set, missing, for how many people, and no longer to be opened. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSecrets } from '../../src/cli/checks/secrets.ts'
import type { Config } from '../../src/gateway/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault, createNamedSecrets } from '../../src/vault/index.ts'

const server = (id: string, named: Config['servers'][number]['named']): Config['servers'][number] => ({
  id,
  target: { command: 'x', args: [], cwd: '/', env: {} },
  tools: [],
  timeoutSeconds: undefined,
  secrets: [],
  named,
})
const servers = [
  server('plain', undefined),
  server('files', { KEY: [{ secret: 'FILES', of: 'everybody' }] }),
  server('tracker', { TOKEN: ['Bearer ', { secret: 'TRACKER', of: 'person' }], SECOND: [{ secret: 'TRACKER', of: 'person' }] }),
]

test('nothing is said where nothing is asked for', async () => {
  assert.deepEqual(await checkSecrets({ servers: servers.slice(0, 1) }, undefined), [])
})

test('what is not set is a problem with its command; what people have not set is a warning', async () => {
  for (const data of [undefined, { store: createMemoryStore(), vault: createMemoryVault() }]) {
    const findings = await checkSecrets({ servers }, data)
    assert.deepEqual(
      findings.map(({ status, name, fix }) => [status, name, fix]),
      [
        ['problem', 'secret FILES', 'sallyport secret set FILES'],
        ['warning', 'secret TRACKER', 'people set it on their account page, or: sallyport secret set TRACKER --user NAME'],
      ],
    )
  }
})

test('one for everybody is no person’s own, and the other way round; what the key here does not open is a problem', async () => {
  const store = createMemoryStore()
  const secrets = createNamedSecrets({ store, vault: createMemoryVault(), clock: Date.now })
  await secrets.set({ name: 'FILES', user: 'ana', value: 'a-value-of-ana', setBy: 'ana' })
  await secrets.set({ name: 'TRACKER', value: 'a-value-of-all', setBy: 'op' })
  const other = { store, vault: createMemoryVault() }
  assert.deepEqual(
    (await checkSecrets({ servers }, other)).map(({ status }) => status),
    ['problem', 'warning'],
  )
  await secrets.set({ name: 'FILES', value: 'a-value-of-all', setBy: 'op' })
  await secrets.set({ name: 'TRACKER', user: 'ana', value: 'a-value-of-ana', setBy: 'ana' })
  const [files, tracker] = await checkSecrets({ servers }, other)
  assert.match(files?.found ?? '', /cannot be opened with the master key that is here/)
  assert.deepEqual([tracker?.status, tracker?.found], ['ok', '1 person has set their own for tracker'])
  assert.ok(!JSON.stringify([files, tracker]).includes('a-value'))
})
