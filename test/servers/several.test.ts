// Four real servers behind one guard, three over stdio and one over HTTP: each keeps its tools apart under its own name, and a call to
// each arrives, in both revisions.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type Child,
  createTempDir,
  firstLine,
  type Guard,
  mcp,
  ROOT,
  start,
  startGuard,
  stop,
  type TempDir,
  withBin,
} from '../support/index.ts'
import { granted } from '../support/sandbox.ts'

const program = (name: string): string => join(ROOT, 'node_modules', '@modelcontextprotocol', `server-${name}`, 'dist', 'index.js')
const stdio = (name: string, env: Record<string, string> = {}) => ({ command: process.execPath, args: [program(name)], env })

let folder: TempDir
let remote: Child
let guard: Guard

before(async () => {
  folder = await createTempDir('several')
  const preload = join(ROOT, 'test', 'support', 'only-loopback.mjs')
  const env = withBin({ PORT: '0' })
  remote = start(process.execPath, ['--import', preload, program('everything'), 'streamableHttp'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { port } = JSON.parse(await firstLine(remote, 60_000, /^\{"port"/)) as { port: number }
  guard = await startGuard({
    config: {
      mcpServers: {
        everything: stdio('everything'),
        memory: { ...stdio('memory', { MEMORY_FILE_PATH: join(folder.path, 'memory.jsonl') }), sandbox: granted({ write: [folder.path] }) },
        thinking: stdio('sequential-thinking'),
        remote: { type: 'http', url: `http://127.0.0.1:${port}/mcp` },
      },
    },
  })
})

after(async () => {
  await guard?.stop()
  if (remote !== undefined) await stop(remote.process)
  await folder?.remove()
})

const callsOf = (person: string): [string, object, RegExp][] => [
  ['everything__echo', { message: 'from stdio' }, /from stdio/],
  ['remote__get-sum', { a: 19, b: 23 }, /42/],
  ['memory__create_entities', { entities: [{ name: person, entityType: 'person', observations: ['wrote notes'] }] }, new RegExp(person)],
  ['memory__read_graph', {}, /wrote notes/],
  ['thinking__sequentialthinking', { thought: 'one', thoughtNumber: 1, totalThoughts: 1, nextThoughtNeeded: false }, /thoughtNumber/],
]

for (const version of ['2026-07-28', '2025-11-25'] as const) {
  test(`every tool is listed under the name of its server, over ${version}`, async () => {
    const tools: string[] = (await mcp(guard.url, { key: await guard.key(), version }).list('tools')).map((tool) => tool.name)
    const counts = Object.groupBy(tools, (name) => name.split('__')[0] ?? '')
    assert.deepEqual(Object.fromEntries(Object.entries(counts).map(([server, own]) => [server, own?.length])), {
      everything: 16,
      memory: 9,
      thinking: 1,
      // One more where it may ask for roots.
      remote: 17,
    })
    assert.equal(new Set(tools).size, tools.length, 'no name stands for two tools')
    for (const name of tools) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/, 'a name that every host accepts')
  })

  test(`a call reaches the server that it names, over ${version}`, async () => {
    const client = mcp(guard.url, { key: await guard.key(), version })
    for (const [name, args, expected] of callsOf(`Ada of ${version}`)) {
      const answer = await client.call(name, args)
      assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.body)}`)
      assert.notEqual(answer.result?.isError, true, `${name}: ${JSON.stringify(answer.result)}`)
      assert.match(JSON.stringify(answer.result), expected, name)
    }
  })

  test(`a name without its server, or with another one's, is not a tool, over ${version}`, async () => {
    const client = mcp(guard.url, { key: await guard.key(), version })
    for (const name of ['echo', 'memory__echo', 'nowhere__echo']) {
      const answer = await client.call(name, { message: 'lost' })
      assert.ok(answer.error !== undefined || answer.result?.isError === true, `${name}: ${JSON.stringify(answer.body)}`)
      assert.doesNotMatch(JSON.stringify(answer.body), /Echo: lost/)
    }
  })
}
