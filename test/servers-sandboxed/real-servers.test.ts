// Servers that nobody here wrote, each fetched, pinned and started in its sandbox by the guard, as an operator would have it: they do
// their work with what they were granted, and nothing else. Two of them are told to do everything, so that it is not their own checks that
// hold: a file server of the whole file system, and a shell.
//
// What is installed stays in .cache/servers-sandboxed, and is verified at each start. Without it and without a registry this is skipped.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { type Guard, type McpClient, mcp, ROOT, run, startGuard } from '../support/index.ts'
import { giveAway } from '../support/sandbox.ts'

const PLACE = join(ROOT, '.cache', 'servers-sandboxed')
const WORK = join(PLACE, 'work')
const [FILES, REPO, OUTSIDE] = [join(WORK, 'files'), join(WORK, 'repo'), join(WORK, 'outside')]
const SECRET = 'what nobody was granted'

const PACKAGES = {
  files: '@modelcontextprotocol/server-filesystem@2026.8.31',
  memory: '@modelcontextprotocol/server-memory@2026.8.31',
  git: '@cyanheads/git-mcp-server@2.15.3',
  commander: '@wonderwhy-er/desktop-commander@0.2.52',
} as const
/** Without the sandbox, as test/servers counts them. */
const TOOLS = { astray: 9, commander: 26, files: 14, git: 28, memory: 9 }

const npx = (name: keyof typeof PACKAGES, ...args: string[]) => ({ command: 'npx', args: ['-y', PACKAGES[name], ...args] })
const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ana',
  GIT_AUTHOR_EMAIL: 'ana@example.com',
  GIT_COMMITTER_NAME: 'Ana',
  GIT_COMMITTER_EMAIL: 'ana@example.com',
}
const SERVERS = {
  files: { ...npx('files', '/'), sandbox: { write: ['work/files'] } },
  memory: { ...npx('memory'), env: { MEMORY_FILE_PATH: '/home/sandbox/memory.jsonl' }, sandbox: {} },
  astray: { ...npx('memory'), env: { MEMORY_FILE_PATH: join(OUTSIDE, 'memory.jsonl') }, sandbox: {} },
  git: { ...npx('git'), env: { MCP_TRANSPORT_TYPE: 'stdio', ...IDENTITY }, sandbox: { write: ['work/repo'], run: ['git'] } },
  commander: { ...npx('commander'), sandbox: { write: ['work/files'] } },
}

async function problem(): Promise<string | false> {
  if (needsBubblewrap.skip) return needsBubblewrap.skip
  if (existsSync(join(PLACE, 'installed'))) return false
  for (const name of Object.values(PACKAGES)) {
    const { code } = await run('npm', ['view', name, 'version'], { timeoutMs: 60_000 })
    if (code !== 0) return `${name} is not installed, and no registry can be reached`
  }
  return false
}

let guard: Guard
let client: McpClient
let listener: Server
let port: number

/** What it answered, as one text. */
async function call(tool: string, args: object): Promise<string> {
  const { result, error } = await client.call(tool, args)
  return (result?.content as { text?: string }[] | undefined)?.map(({ text = '' }) => text).join('\n') ?? JSON.stringify(error ?? result)
}
/** What a shell command printed. */
const shell = (command: string): Promise<string> =>
  call('commander__start_process', { command: `${command}; echo done`, timeout_ms: 20_000 })

describe('real servers in the sandbox', { skip: await problem() }, () => {
  before(async () => {
    rmSync(WORK, { recursive: true, force: true })
    for (const folder of [FILES, REPO, OUTSIDE]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(FILES, 'list.txt'), 'milk\n')
    writeFileSync(join(OUTSIDE, 'secret.txt'), SECRET)
    execFileSync('git', ['init', '--quiet', join(OUTSIDE, 'other')])
    for (const folder of [FILES, REPO]) giveAway(folder)
    // A configuration of its own folder, since what its packages come to is kept beside it.
    const file = join(PLACE, 'sallyport.yaml')
    writeFileSync(file, JSON.stringify({ servers: SERVERS }))
    guard = await startGuard({ args: ['--config', file, '--accept'], dataDir: join(PLACE, 'data'), readyMs: 900_000 })
    writeFileSync(join(PLACE, 'installed'), '')
    client = mcp(guard.url, { key: await guard.key() })
    listener = createServer((socket) => socket.end('reached')).listen(0, '127.0.0.1')
    await new Promise((listening) => listener.once('listening', listening))
    port = (listener.address() as { port: number }).port
  })
  after(async () => {
    listener?.close()
    await guard?.stop()
  })

  test('each lists as many tools as without a sandbox', async () => {
    const tools = (await client.list('tools')).map(({ name }) => name as string)
    const counts = Object.groupBy(tools, (name) => name.split('__')[0] as string)
    assert.deepEqual(Object.fromEntries(Object.entries(counts).map(([name, own]) => [name, own?.length])), TOOLS)
  })

  describe('server-filesystem, of the whole file system', () => {
    test('reads and writes in the folder that it was granted', async () => {
      assert.equal(await call('files__read_text_file', { path: join(FILES, 'list.txt') }), 'milk\n')
      await call('files__write_file', { path: join(FILES, 'new.txt'), content: 'bread' })
      assert.equal(readFileSync(join(FILES, 'new.txt'), 'utf8'), 'bread')
    })

    test('finds nothing beside it, no home and no account of this machine', async () => {
      assert.match(await call('files__read_text_file', { path: join(OUTSIDE, 'secret.txt') }), /ENOENT|does not exist/)
      assert.match(await call('files__list_directory', { path: '/root' }), /ENOENT|does not exist/)
      const accounts = await call('files__read_text_file', { path: '/etc/passwd' })
      assert.notEqual(accounts, readFileSync('/etc/passwd', 'utf8'))
      assert.equal(accounts.trim().split('\n').length, 3, accounts)
      assert.match(await call('files__read_text_file', { path: '/proc/1/environ' }), /^(?!.*SALLYPORT|.*npm_).*$/s)
    })

    test('writes nothing outside, and a link in its folder leads nowhere', async () => {
      symlinkSync(join(OUTSIDE, 'secret.txt'), join(FILES, 'link'))
      assert.doesNotMatch(await call('files__read_text_file', { path: join(FILES, 'link') }), new RegExp(SECRET))
      for (const path of [join(OUTSIDE, 'new.txt'), '/etc/new', '/usr/bin/new', join(WORK, 'new')])
        assert.match(await call('files__write_file', { path, content: 'x' }), /EROFS|ENOENT|EACCES|does not exist/, path)
      assert.ok(!existsSync(join(OUTSIDE, 'new.txt')))
      assert.ok(!existsSync(join(WORK, 'new')))
    })
  })

  describe('server-memory', () => {
    const entity = { name: 'ana', entityType: 'person', observations: ['likes milk'] }
    test('remembers in its own home', async () => {
      await call('memory__delete_entities', { entityNames: ['ana'] })
      await call('memory__create_entities', { entities: [entity] })
      assert.match(await call('memory__read_graph', {}), /likes milk/)
    })

    test('cannot be told to remember elsewhere', async () => {
      assert.match(await call('astray__create_entities', { entities: [entity] }), /EROFS|ENOENT|EACCES/)
      assert.doesNotMatch(await call('astray__read_graph', {}), /likes milk/, 'nor does it see what the other one knows')
      assert.ok(!existsSync(join(OUTSIDE, 'memory.jsonl')))
    })
  })

  describe('git-mcp-server', () => {
    test('makes a repository, adds, commits and shows the log in the folder that it was granted', async () => {
      await call('git__git_init', { path: REPO })
      writeFileSync(join(REPO, 'a.txt'), 'one')
      giveAway(REPO)
      await call('git__git_add', { path: REPO, all: true })
      const committed = await call('git__git_commit', { path: REPO, message: 'The first of all' })
      assert.match(committed, /"success": true/, committed)
      assert.match(await call('git__git_log', { path: REPO }), /The first of all/)
    })

    test('reaches no other repository, no folder beside it, and no network', async () => {
      assert.match(await call('git__git_status', { path: join(OUTSIDE, 'other') }), /does not exist|not a git repository/i)
      assert.match(await call('git__git_init', { path: OUTSIDE }), /does not exist|denied|read-only/i)
      for (const url of [
        join(OUTSIDE, 'other'),
        `file://${join(OUTSIDE, 'other')}`,
        `http://127.0.0.1:${port}/x.git`,
        'https://github.com/x/y',
      ])
        assert.match(await call('git__git_clone', { url, path: join(REPO, 'cloned') }), /failed|does not exist|invalid|error/i, url)
      assert.match(
        await call('git__git_worktree', { path: REPO, mode: 'add', worktreePath: join(OUTSIDE, 'tree'), branch: 'x' }),
        /failed|error/i,
      )
      assert.ok(!existsSync(join(OUTSIDE, 'tree')))
    })
  })

  describe('desktop-commander, a shell', () => {
    test('lists and edits what it was granted', async () => {
      assert.match(await shell(`ls ${FILES}`), /list\.txt/)
      await call('commander__edit_block', { file_path: join(FILES, 'list.txt'), old_string: 'milk', new_string: 'butter' })
      assert.equal(readFileSync(join(FILES, 'list.txt'), 'utf8'), 'butter\n')
    })

    test('cannot read the accounts of this machine, its homes, or what lies beside the folder', async () => {
      const said = await shell(`cat /etc/passwd; ls -A /root /home; cat ${OUTSIDE}/secret.txt; cat /etc/shadow; env`)
      const accounts = readFileSync('/etc/passwd', 'utf8').trim().split('\n')
      assert.deepEqual(
        accounts.filter((line) => said.includes(line)),
        [],
      )
      assert.ok(!said.includes(SECRET))
      assert.match(said, /\/home:\nsandbox$/m)
      assert.match(said, /HOME=\/home\/sandbox/)
      assert.doesNotMatch(said, /SALLYPORT|npm_config/)
    })

    test('cannot reach this machine or another over the network', async () => {
      const connect = (host: string, to: number): string =>
        `node -e "require('net').connect(${to},'${host}',()=>console.log('open')).on('error',(e)=>console.log(e.code)).on('data',(d)=>console.log(''+d))"`
      const said = await shell(
        [
          connect('127.0.0.1', port),
          connect('192.0.2.1', 443),
          connect('example.com', 443),
          'getent hosts example.com || echo unknown',
        ].join('; '),
      )
      assert.doesNotMatch(said, /open|reached/)
      assert.match(said, /ECONNREFUSED[^]*ENETUNREACH[^]*(?:EAI_AGAIN|ENOTFOUND)[^]*unknown/)
    })

    test('cannot signal anybody but itself, nor see who runs', async () => {
      assert.match(await shell(`kill -0 ${process.pid} && echo alive || echo nobody`), /nobody|No such process/)
      const said = await shell('ls -d /proc/[0-9]* | wc -l; id -u; grep CapEff /proc/self/status')
      assert.match(said, /CapEff:\s+0+$/m)
      assert.ok(Number(/^(\d+)$/m.exec(said)?.[1]) < 30, said)
    })

    test('takes nobody else with it when it ends everything that it sees', async () => {
      // Nobody runs that anywhere else.
      assert.match(await shell('echo $HOME; ls -d /proc/[0-9]* | wc -l'), /^\/home\/sandbox\n\d{1,2}$/m)
      await shell('kill -9 -1')
      assert.match(await call('memory__read_graph', {}), /likes milk/)
    })
  })
})
