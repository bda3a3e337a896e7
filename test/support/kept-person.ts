// Everything that can be kept of somebody, in each kind of record, with a value of theirs in each plain field and in each sealed one.

import type { Principal } from '../../src/core/index.ts'
import { createRedactor } from '../../src/core/index.ts'
import { createAuditArguments } from '../../src/guards/index.ts'
import { createApiKeys, createArtifacts, createGrants } from '../../src/oauth/index.ts'
import type { KeptAccount } from '../../src/people/account.ts'
import type { RecordKind } from '../../src/storage/index.ts'
import { createNamedSecrets, createSealedParts, type Data } from '../../src/vault/index.ts'

export const clock = Date.now
const expiresAt = (): number => clock() + 3_600_000

export const personOf = (name: string): Principal => ({
  issuer: 'http://localhost:7777',
  subject: name,
  user: name,
  clientId: 'c',
  credential: 'token',
  scopes: [],
  roles: [],
  credentialId: 't',
})

/** Of each kind of record at least one. `word` is in all of it. Answers the id of their grant and of a decision with arguments. */
export async function keepAll(data: Data, name: string, word: string): Promise<{ grant: string; decision: string }> {
  const { store, vault, keyRing } = data
  const put = (kind: RecordKind, id: string, value: object, group?: string): Promise<boolean> =>
    store.records(kind).putIfAbsent(id, value, { group, expiresAt: expiresAt() })
  const account: KeptAccount = { name, roles: [word], owner: false, since: clock(), hash: `hash ${word}` }
  await store.records('account').putIfAbsent(name, account)
  const ofAccount = `account:${name}`
  await put('identity', `identity of ${name}`, { account: name })
  await put('passkey', `passkey of ${name}`, { name: word }, ofAccount)
  await put('second_factor', `codes/${name}`, { seed: word }, ofAccount)
  await put('browser_session', `session of ${name}`, { account: name, agent: word }, ofAccount)
  await put('one_time_link', `link of ${name}`, { purpose: { kind: 'password', name } }, ofAccount)
  await put('one_time_link', `invitation of ${name}`, { purpose: { kind: 'invitation', name } }, 'links:invitation')
  await put('connection', `server/${name}`, { server: 's', user: name, needed: [word] }, ofAccount)
  await put('connection_attempt', `attempt of ${name}`, { user: name }, ofAccount)
  await put(
    'session_setting',
    `legacy session of ${name}`,
    { logLevel: 'info', uris: [word], subject: name },
    JSON.stringify(['http://localhost:7777', name]),
  )
  const owner = JSON.stringify(['http://localhost:7777', name])
  for (const [id, group] of [
    [`task of ${name}`, owner],
    [`task of ${name}/result`, `bulk ${owner}`],
  ] as const)
    await put(
      'task',
      id,
      { sealed: await vault.seal(`{"text":"${word}"}`, { kind: 'task', id, field: 'sealed', subject: name }), subject: name },
      group,
    )
  await createNamedSecrets({ store, vault, clock }).set({ name: 'token', user: name, value: `secret ${word}`, setBy: name })
  await createApiKeys({ store, keyRing, clock }).create({ name: word, scopes: [], createdBy: 'operator', account: name })

  const artifacts = createArtifacts({ store, keyRing, vault, clock })
  const grants = createGrants({ store, artifacts, clock })
  const grant = `grant of ${name}`
  await grants.save(grant, { accountId: name, clientId: word, iat: clock() / 1000, exp: expiresAt() / 1000 }, 3600)
  await artifacts.add('RefreshToken', `refresh ${word}`, { accountId: name, word }, { ttlSeconds: 3600, group: `grant:${grant}` })
  // One that does not say whose it is.
  await artifacts.add('AuthorizationCode', `code ${word}`, { word }, { ttlSeconds: 3600, group: `grant:${grant}` })

  const parts = createSealedParts({ store, vault })
  const options = { group: `resources ${name}`, expiresAt: expiresAt() }
  for (let at = 0; at < 3; at++)
    await parts.put({ id: `resources/of-${name}`, subject: name }, at, Buffer.from(word.repeat(3_000)), options)
  await put(
    'kept_resource',
    `resource of ${name}`,
    { subject: name, sealed: await sealed('kept_resource', `resource of ${name}`) },
    `resources ${name}`,
  )
  await put('stored_result', `result of ${name}`, { bytes: 1, sealed: await sealed('stored_result', `result of ${name}`) }, name)

  const sign = { kind: 'personal_token', id: `sign of ${name}`, field: 'value', subject: name }
  await put('personal_token', sign.id, { subject: name, sealed: await vault.seal(word, sign) }, name)

  const kept = createAuditArguments({ store, vault, redactor: createRedactor(), keep: true, keepMs: 3_600_000 })
  const decision = `dec_${name}`
  const hash = await kept.keep(decision, clock(), { subject: name, text: JSON.stringify({ word }) })
  await store.audit.append([
    {
      id: decision,
      at: clock(),
      decision: 'allow',
      reason: 'allowed',
      action: 'tools/call',
      subject: name,
      transport: 'http',
      durationMs: 1,
      ...hash,
    },
  ])
  return { grant, decision }

  function sealed(kind: RecordKind, id: string): Promise<string> {
    return vault.seal(JSON.stringify({ word }), { kind, id, field: 'sealed', subject: name })
  }
}
