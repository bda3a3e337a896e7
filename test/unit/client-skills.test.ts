import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import { problemOf } from '../support/client.ts'

const URI = 'skill://acme/refunds/SKILL.md'
const FORM = 'skill://acme/refunds/forms/letter.md'
const MAIN = '---\nname: refunds\ndescription: Refunds\nmetadata:\n  version: "2.1"\n---\n\nRead forms/letter.md.\n'
const FRONTMATTER = { name: 'refunds', description: 'Refunds', metadata: { version: '2.1' } }

type Json = Record<string, unknown>
const digestOf = (bytes: string | Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const fileOf = (uri: string, bytes: string | Buffer): Json => ({ uri, digest: digestOf(bytes), size: Buffer.byteLength(bytes) })
const entryOf = (main: string | Buffer = MAIN, more: Json = {}): Json => ({
  uri: URI,
  frontmatter: FRONTMATTER,
  resources: [fileOf(URI, main), fileOf(FORM, 'Dear')],
  ...more,
})
const textOf = (uri: string, text: string): Json => ({ contents: [{ uri, text }] })

interface Served {
  readonly skills?: readonly unknown[]
  readonly read?: (uri: string) => Json
  readonly extensions?: Json
}

/** A server of 2026-07-28 with skills, and what it was asked. */
async function withSkills(
  { skills = [entryOf()], read = (uri) => textOf(uri, uri === URI ? MAIN : 'Dear'), extensions }: Served,
  use: (client: MCPClient, asked: string[], told: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = []
  const told: string[] = []
  const capabilities = { resources: {}, extensions: extensions ?? { 'io.modelcontextprotocol/skills': {} } }
  const results: Record<string, (params: Json) => Json> = {
    'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities, serverInfo: { name: 'skilled', version: '1' } }),
    'skills/list': ({ cursor }) =>
      cursor === undefined && skills.length > 1
        ? { skills: skills.slice(0, 1), nextCursor: 'rest' }
        : { skills: skills.slice(cursor ? 1 : 0) },
    'skills/get': ({ uri }) => ({ skill: skills.find((skill) => (skill as Json)['uri'] === uri) }),
    'resources/read': ({ uri }) => read(uri as string),
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { id, method, params } = JSON.parse(text)
    if (method !== 'server/discover') asked.push(method === 'resources/read' ? params.uri : method)
    const result = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...results[method]?.(params) }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  try {
    await using client = new MCPClient({ serverUrl, log: (_, message) => void told.push(message) })
    await use(client, asked, told)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const UNVERIFIED = 'TrustError skill_unverified'

describe('a skill', () => {
  it('is listed as it is described, and nothing of it is read before somebody asks', () =>
    withSkills({}, async (client, asked) => {
      assert.deepEqual(await client.listSkills(), [entryOf()])
      assert.deepEqual(asked, ['skills/list'])
    }))

  it('is loaded by its description, or by its URI where it was never listed', () =>
    withSkills({}, async (client, asked) => {
      const [entry] = await client.listSkills()
      assert.ok(entry)
      assert.equal((await client.loadSkill(entry)).text, MAIN)
      assert.deepEqual(asked.splice(0), ['skills/list', URI])
      assert.equal((await client.loadSkill(URI)).text, MAIN)
      assert.deepEqual(asked.splice(0), ['skills/get', URI])
    }))

  it('has its other files read when they are asked for, by their URI or as SKILL.md refers to them', () =>
    withSkills({}, async (client, asked) => {
      const skill = await client.loadSkill(URI)
      assert.equal(Buffer.from(await skill.read('forms/letter.md')).toString(), 'Dear')
      assert.equal(Buffer.from(await skill.read(FORM)).toString(), 'Dear')
      assert.deepEqual(asked, ['skills/get', URI, FORM, FORM])
      for (const other of ['forms/other.md', 'skill://acme/other/SKILL.md', '../refunds/forms/letter.md', ''])
        assert.equal(await problemOf(skill.read(other)), UNVERIFIED)
      assert.deepEqual(asked.slice(4), [], 'what is not in the description is not asked for')
    }))

  it('may be bytes', () => {
    const bytes = Buffer.from([0, 255, 254, 1])
    const skills = [entryOf(MAIN, { resources: [fileOf(URI, MAIN), fileOf(FORM, bytes)] })]
    const read = (uri: string): Json => (uri === URI ? textOf(uri, MAIN) : { contents: [{ uri, blob: bytes.toString('base64') }] })
    return withSkills({ skills, read }, async (client) => {
      assert.deepEqual(Buffer.from(await (await client.loadSkill(URI)).read(FORM)), bytes)
    })
  })

  it('is not asked for where the server does not say that it has any', () =>
    withSkills({ extensions: { other: {} } }, async (client, asked) => {
      assert.deepEqual(await client.listSkills(), [])
      assert.equal(await problemOf(client.loadSkill(URI)), 'TransportError unsupported_method')
      assert.deepEqual(asked, [])
    }))
})

describe('a skill is not handed on', () => {
  const sent = (answer: (uri: string) => Json, skills = [entryOf()]) =>
    withSkills({ skills, read: answer }, async (client) => assert.equal(await problemOf(client.loadSkill(URI)), UNVERIFIED))

  it('where a byte of it is another', () => sent((uri) => textOf(uri, MAIN.replace('Read', 'Reap'))))
  it('where it is longer', () => sent((uri) => textOf(uri, `${MAIN} `)))
  it('where it comes under another URI', () => sent(() => textOf(FORM, MAIN)))
  it('where it comes with something more', () =>
    sent((uri) => ({
      contents: [
        { uri, text: MAIN },
        { uri: FORM, text: 'Dear' },
      ],
    })))
  it('where nothing comes', () => sent(() => ({ contents: [] })))

  for (const [what, main] of [
    ['says another description', MAIN.replace('description: Refunds', 'description: Everything')],
    ['says more', MAIN.replace('name: refunds', 'name: refunds\nallowed-tools: Bash')],
    ['says less', MAIN.replace('metadata:\n  version: "2.1"\n', '')],
    ['says a number for a text', MAIN.replace('"2.1"', '2.1')],
    ['says a key twice', MAIN.replace('name: refunds', 'name: other\nname: refunds')],
    ['says it by a tag', MAIN.replace('description: Refunds', 'description: !unknown Refunds')],
    ['says nothing', 'Read this.'],
    ['is no YAML', '---\nname: [\n---\n'],
  ] as const)
    it(`where its frontmatter ${what}`, () => sent((uri) => textOf(uri, main), [entryOf(main)]))

  it('where its frontmatter says a thing by an alias, though it comes to the same', () => {
    const main = '---\nname: refunds\ndescription: &a Refunds\nmetadata: { version: *a }\n---\n'
    return sent((uri) => textOf(uri, main), [entryOf(main, { frontmatter: { ...FRONTMATTER, metadata: { version: 'Refunds' } } })])
  })
  it('where its size was said wrongly, though its digest was not', () =>
    sent((uri) => textOf(uri, MAIN), [entryOf(MAIN, { resources: [{ ...fileOf(URI, MAIN), size: MAIN.length + 1 }] })]))
  it('where it is no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from(MAIN), Buffer.from([255])])
    return sent((uri) => ({ contents: [{ uri, blob: bytes.toString('base64') }] }), [entryOf(bytes)])
  })
})

describe('a description is none', () => {
  const main = fileOf(URI, MAIN)
  const many = Array.from({ length: 512 }, (_, index) => fileOf(`skill://acme/refunds/${index}`, ''))
  const named = (name: string, folder: string): Json => {
    const uri = `${folder}/${name}/SKILL.md`
    return { uri, frontmatter: { ...FRONTMATTER, name }, resources: [{ ...main, uri }] }
  }
  for (const [what, more] of [
    ['whose content is made anew each time', { resources: 'dynamic' }],
    ['without its files', { resources: undefined }],
    ['without SKILL.md', { resources: [fileOf(FORM, 'Dear')] }],
    ['with a file twice', { resources: [main, main] }],
    ['with a file of another skill', { resources: [main, fileOf('skill://acme/other/x', '')] }],
    ['with a file that leads out', { resources: [main, fileOf('skill://acme/refunds/../x', '')] }],
    ['with a file that leads out when it is decoded', { resources: [main, fileOf('skill://acme/refunds/%2e%2E/x', '')] }],
    ['with a file that leads out by a slash in it', { resources: [main, fileOf('skill://acme/refunds/..%2Fx', '')] }],
    ['with a file that leads out as Windows has it', { resources: [main, fileOf('skill://acme/refunds/..\\x', '')] }],
    ['whose name leads out', named('..', 'skill://acme')],
    ['whose name is a path', named('../../refunds', 'skill://acme')],
    ['whose name leads out when it is decoded', named('%2e%2e', 'skill://acme')],
    ['whose name hides something', named('re\u202efunds', 'skill://acme')],
    ['in a folder that leads out', named('refunds', 'skill://acme/..')],
    ['with more than 512 files', { resources: [main, ...many] }],
    ['with more than 16 MiB', { resources: [main, { ...fileOf(FORM, ''), size: 16 * 1024 * 1024 }] }],
    ['with a digest of another kind', { resources: [{ ...main, digest: 'md5:0' }] }],
    ['whose name is not that of its folder', { frontmatter: { ...FRONTMATTER, name: 'other' } }],
    ['without a description', { frontmatter: { name: 'refunds' } }],
  ] as const)
    it(`${what}: it is left out of the list, and the rest is not`, () =>
      withSkills({ skills: [entryOf(MAIN, more), entryOf()] }, async (client, asked, told) => {
        assert.deepEqual(await client.listSkills(), [entryOf()])
        assert.match(told.join('\n'), /left out/)
        const { uri = URI } = more as { uri?: string }
        assert.equal(await problemOf(client.loadSkill(uri)), UNVERIFIED)
        assert.ok(!asked.includes(uri), 'nothing of it is read')
      }))
})
