// T01: an upstream that hands out secrets in every place of the protocol: as text, in structured content, in blobs, in prompts and resources,
// in errors, in progress, in log messages, on stderr. What we know exactly does not leave in any form; what only looks like a secret is
// found as it is by itself, wherever it stands; neither is in a log or in the audit.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findSecrets } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { findInBytes, findInFolder } from '../support/at-rest.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type McpClient, mcp } from '../support/mcp.ts'
import { granted } from '../support/sandbox.ts'
import { needs, rowsOf } from '../support/shared.ts'
import type { Json } from '../support/sse.ts'

verifies('T01', 'known-secrets')

const SERVER = join(import.meta.dirname, '..', 'fixtures', 'attacks', 'leaking-server.ts')
/** Handed to the upstream by the configuration: known exactly. */
const OWN = 'Zk7!own secret/of+the=upstream-91'
const file = 'data/secrets-pii.jsonl'
const { skip } = needs(file)

interface Leaked {
  readonly text: string
  readonly value: string
}
const made = 'a7B2c9D4e1F6g3H8'
const canaries: Leaked[] = [
  { text: `token ghp_${made}${made}abcd is yours`, value: `ghp_${made}${made}abcd` },
  { text: `DB_PASSWORD="${made}"`, value: made },
  { text: `see https://ana:${made.slice(0, 12)}@db.example/x`, value: `ana:${made.slice(0, 12)}` },
  { text: `-----BEGIN PRIVATE ${'KEY'}-----\n${made.repeat(4)}\n-----END PRIVATE ${'KEY'}-----\n`, value: made.repeat(4) },
]
const rows: Leaked[] = skip
  ? []
  : rowsOf<{ label: string; text: string; entities: { value?: string }[] }>(file).flatMap(({ label, text, entities }) => {
      const value = entities[0]?.value
      return label === 'secret' && value !== undefined ? [{ text, value }] : []
    })
const leaked = [...canaries, ...rows]
const isWhole = ({ text, value }: Leaked): boolean => findSecrets(text).some(({ start, end }) => text.slice(start, end).includes(value))
/** Those that the detector finds in their text by itself. */
const found = leaked.filter(isWhole)
/** At a time, where each message is bounded. */
const STEP = 20

let gateway: Gateway
let client: McpClient

before(async () => {
  gateway = await startGateway({
    servers: (folder) => {
      const texts = join(folder, 'texts.json')
      // Not beside the data: everything else in the folder is searched.
      writeFileSync(texts, JSON.stringify(leaked.map(({ text }) => text)))
      const sandbox = granted({ read: [texts] })
      return { leak: { command: process.execPath, args: [SERVER, texts], env: { LEAK_TOKEN: OWN }, sandbox } }
    },
    config: { audit: { arguments: 'sealed' } },
  })
  client = mcp(gateway.url, { key: (await gateway.key()).key, version: '2026-07-28' })
})
after(() => gateway[Symbol.asyncDispose]())

/** Every string that a reader of the messages comes to, and what base64 hides in blobs. */
function stringsIn(value: Json, name = ''): string[] {
  if (typeof value === 'string') return name === 'blob' ? [value, Buffer.from(value, 'base64').toString()] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [key, ...stringsIn(member, key)])
}

function leftIn(messages: Json, of: readonly Leaked[]): string[] {
  const all = stringsIn(messages).join('\n')
  assert.ok(all.length > 100, 'there was an answer')
  return of
    .filter(({ value }) => all.includes(value) || all.includes(JSON.stringify(value).slice(1, -1)))
    .map(({ text }) => text.slice(0, 60))
}

describe('an upstream that hands out what looks like secrets', () => {
  it('is told that most were found', (t) => {
    t.diagnostic(skip ? `${skip}: ${canaries.length} of our own alone` : `${found.length} of ${leaked.length} are found whole`)
    // What stays out of reach of a detector is in docs/redaction.md.
    assert.ok(found.length / leaked.length >= (skip ? 1 : 0.93))
    assert.ok(canaries.every(isWhole))
  })
  for (const name of ['text', 'structured', 'blob'])
    it(`does not get them to its caller as ${name}`, async () => {
      const { messages } = await client.call(`${name}`)
      // Within JSON within JSON a backslash of its own is two, and what has a length has another.
      const those = name === 'structured' ? found.filter(({ value }) => !value.includes('\\')) : found
      assert.deepEqual(leftIn(messages, those), [])
    })
  it('nor in the message and the data of an error, in progress, or in log messages', async () => {
    for (const name of ['error', 'progress', 'log'])
      for (let from = 0; from < leaked.length; from += STEP) {
        const { messages } = await client.call(
          `${name}`,
          { from, to: from + STEP },
          { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'debug' },
        )
        if (name !== 'error') assert.ok(messages.length > 2, `${name}: ${messages.length}`)
        const those = leaked.slice(from, from + STEP).filter(isWhole)
        assert.deepEqual(leftIn([messages, '-'.repeat(100)], those), [], name)
      }
  })
  it('nor in the messages of a prompt, or in the contents of a resource', async () => {
    const prompt = await client.request('prompts/get', { name: 'letter' })
    const resource = await client.request('resources/read', { uri: 'leak://all' })
    assert.deepEqual([...leftIn(prompt.messages, found), ...leftIn(resource.messages, found)], [])
  })
})

function isClean(messages: Json): void {
  assert.deepEqual(findInBytes(Buffer.from(stringsIn(messages).join('\n')), [OWN], 'what is read of it'), [])
  assert.deepEqual(findInBytes(Buffer.from(JSON.stringify(messages)), [OWN], 'the bytes of it'), [])
}

describe('an upstream that hands out what it was given', () => {
  it('does not get it to its caller in any form', async () => {
    const { messages, result } = await client.call('own')
    assert.ok(result.content.length > 5)
    isClean(messages)
  })
  it('nor in what lists say, in what completion offers, or in what search finds', async () => {
    const lists = await Promise.all((['tools', 'prompts', 'resources', 'resources/templates'] as const).map((kind) => client.list(kind)))
    assert.deepEqual(
      lists.map((list) => JSON.stringify(list).includes('told')),
      [true, true, true, true],
    )
    isClean(lists)
    for (const ref of [
      { type: 'ref/prompt', name: 'told' },
      { type: 'ref/resource', uri: 'leak://told/{own}' },
    ]) {
      const { messages, result } = await client.request('completion/complete', { ref, argument: { name: 'own', value: '' } })
      assert.ok(result.completion.values.length > 0)
      isClean(messages)
    }
    const { messages } = await client.request('server/discover')
    isClean(messages)
  })
})

describe('what is kept of it', () => {
  it('is in no log, no record and no file', async () => {
    await client.call('stderr')
    const events = (await gateway.records()).filter(({ action }) => action === 'secret.found')
    assert.ok(events.length >= 8, `${events.length} events`)
    const log = gateway.log()
    assert.match(log, /leak: .*\[redacted\]/)
    assert.deepEqual(leftIn([log], found), [])
    assert.deepEqual(findInBytes(Buffer.from(log), [OWN], 'the log'), [])
    assert.deepEqual(findInFolder(gateway.dataDir, [OWN, ...canaries.map(({ value }) => value)]), [])
    const kept = found.filter(({ value }) => value.length >= 12).map(({ value }) => value)
    assert.deepEqual(
      findInFolder(gateway.dataDir, kept).filter(({ form }) => form === 'as it is'),
      [],
    )
  })
})
