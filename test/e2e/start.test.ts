/**
 * What `npm start` puts in front of the notes, used as a stranger would: without a credential, with a key that reads, with one that writes,
 * in both revisions of the protocol; and how the operator finds out about it.
 */

import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  type Child,
  createTempDir,
  type Finished,
  firstLine,
  mcp,
  ROOT,
  run,
  SALLYPORT,
  start,
  stop,
  type TempDir,
  type Version,
  withBin,
} from '../support/index.ts'
import { until } from '../support/until.ts'

let temp: TempDir
let child: Child
let url: string
let dataDir: string
const note = join(ROOT, 'examples/notes/notes/written-by-a-test.md')

const sallyport = (...args: string[]) => run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir], { env: { NO_COLOR: '1' } })
const keyFor = async (...scopes: string[]): Promise<string> => {
  const { stdout } = await sallyport('key', 'create', '--name', 'e2e', ...scopes.flatMap((scope) => ['--scope', scope]), '--json')
  return JSON.parse(stdout).key
}

before(async () => {
  temp = await createTempDir('start')
  dataDir = join(temp.path, 'data')
  const args = ['scripts/run.mjs', 'start', '--port', '0', '--data-dir', dataDir, '--ready-json']
  child = start(process.execPath, args, { cwd: ROOT, env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  ;({ url } = JSON.parse(await firstLine(child, 60_000)))
})
after(async () => {
  await stop(child.process)
  rmSync(note, { force: true })
  await temp.remove()
})

test('it prints one line on stdout, and the link for the owner on stderr', () => {
  assert.match(child.stdout(), /^\{"url":"http:\/\/localhost:\d+\/mcp","issuer":"http:\/\/localhost:\d+"\}\n$/)
  assert.match(child.stderr(), /Make the owner's account \(once, within 10 minutes\): http:\/\/localhost:\d+\//)
})

test('without a credential: 401 that says where to sign in, on GET and POST', async () => {
  for (const method of ['GET', 'POST'] as const) {
    const { status, headers } = await mcp(url).send(
      method,
      '/mcp',
      { 'content-type': 'application/json' },
      method === 'POST' ? '{}' : undefined,
    )
    assert.equal(status, 401)
    assert.match(
      headers['www-authenticate'] ?? '',
      /^Bearer resource_metadata="http:\/\/localhost:\d+\/\.well-known\/oauth-protected-resource\/mcp", scope="/,
    )
  }
})

for (const version of ['2026-07-28', '2025-11-25'] satisfies Version[])
  describe(`with a key, in ${version}`, () => {
    test('a key that reads sees what reads, and no more', async () => {
      const client = mcp(url, { key: await keyFor('tools:read'), version })
      const names = (await client.list('tools')).map(({ name }) => name)
      assert.equal(names.length, 10)
      for (const name of names) assert.match(name, /^(read_|list_|search_|get_|directory_tree$)/)
      const { result } = await client.call('read_text_file', { path: 'bread.md' })
      assert.match(result.content[0].text, /^# Bread that works/)
    })

    test('writing is refused with a sentence that names what would allow it, and `why` explains it', async () => {
      const { status, result } = await mcp(url, { key: await keyFor('tools:read'), version }).call('write_file', {
        path: 'x.md',
        content: 'x',
      })
      assert.equal(status, 200)
      assert.equal(result.isError, true)
      const [, sentence = '', id = ''] = /^(.*) \((dec_\w+)\)$/.exec(result.content[0].text) ?? []
      assert.match(sentence, /needs the scope "tools:execute"; this key has "tools:read"/)
      const { code, stdout } = await eventually(() => sallyport('why', id))
      assert.equal(code, 0)
      assert.match(stdout, /^DENY {2}spk_\w+ · .*sallyport-test.* · notes\.write_file · /)
      assert.match(stdout, /matched {6,}sallyport\.yaml:\d+ notes: write_file\n/)
      assert.match(stdout, /facts .*neededScopes=tools:execute · .*grantedScopes=tools:read/)
      assert.match(stdout, /would allow {2,}a key that has it: sallyport key create --name … --scope tools:execute\n/)
      const yaml = readFileSync(join(ROOT, 'examples/notes/sallyport.yaml'), 'utf8').split('\n')
      const [, line] = /sallyport\.yaml:(\d+)/.exec(stdout) ?? []
      assert.match(yaml[Number(line) - 1] ?? '', /write_file: execute/)
    })

    test('a key that may execute writes', async () => {
      const client = mcp(url, { key: await keyFor('tools:read', 'tools:execute'), version })
      assert.equal((await client.list('tools')).length, 14)
      const { result } = await client.call('write_file', { path: 'written-by-a-test.md', content: version })
      assert.notEqual(result.isError, true, JSON.stringify(result))
      assert.equal(readFileSync(note, 'utf8'), version)
    })
  })

test('a revoked key stops working within a second', async () => {
  const key = await keyFor('tools:read')
  const client = mcp(url, { key })
  assert.equal((await client.request('tools/list')).status, 200)
  assert.equal((await sallyport('key', 'revoke', key.slice(4, 12))).code, 0)
  await until('it to be refused', async () => (await client.request('tools/list')).status === 401, 1_000)
})

test('the audit finds what was refused, verifies while guard runs, and holds no key', async () => {
  const found = await eventually(() => sallyport('audit', 'search', '--decision', 'deny', '--tool', 'write_file', '--json'))
  const { records } = JSON.parse(found.stdout)
  assert.ok(records.length >= 2)
  for (const record of records) assert.equal(record.reason, 'not_permitted')
  const verified = await sallyport('audit', 'verify')
  assert.equal(verified.code, 0, verified.stderr)
  assert.doesNotMatch((await sallyport('audit', 'search', '--json')).stdout, /spk_\w{8}_/)
})

test('doctor finds nothing wrong with it', async () => {
  const { code, stdout } = await sallyport('doctor', '--url', url, '--port', '0', '--json')
  const { findings } = JSON.parse(stdout)
  assert.deepEqual(
    findings.filter(({ status }: { status: string }) => status !== 'ok'),
    [],
  )
  assert.equal(code, 0)
})

test('SIGTERM ends it and the server behind it', async () => {
  const [pid = 0] = guardedPids()
  if (process.platform === 'linux') assert.ok(pid > 0, 'the guarded server was found')
  const exit = new Promise((resolve) => child.process.once('exit', resolve))
  child.process.kill('SIGTERM')
  assert.equal(await exit, 0)
  if (pid > 0) assert.equal(existsSync(`/proc/${pid}`), false)
})

/** Records are written in batches: what was just decided is there a moment later. */
async function eventually(look: () => Promise<Finished>): Promise<Finished> {
  let found = await look()
  await until('it is on record', async () => {
    if (found.code !== 0) found = await look()
    return found.code === 0
  })
  return found
}

/** The processes below `npm start`'s, two levels down: runner → guard → guarded server. */
function guardedPids(): number[] {
  const children = (pid: number): number[] => {
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean)
    } catch {
      return []
    }
  }
  // Not who stays for a moment to end what is left of a sandbox (`sandbox/confine/undertaker.ts`).
  const stays = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('read -r mark')
  return children(child.process.pid ?? 0)
    .flatMap(children)
    .filter((pid) => !stays(pid))
}
