// Tools whose `execute` is a module: what of a definition is refused, what is seen beside a module, what a folder of tools is, how a
// child's errors are read, and who is next in turn. Nothing here starts a sandbox but for the folder.

import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../../src/core/index.ts'
import { MCPServer, type ModuleContext, toolsFrom } from '../../src/index.ts'
import { type ChildError, type SandboxOptions, toGrants, toolLimits } from '../../src/sandbox/index.ts'
import { toChildError } from '../../src/sandbox/inside/errors.ts'
import { createQueue } from '../../src/sandbox/pool/queue.ts'
import { createRunModule } from '../../src/server/definitions/module-executor.ts'
import { moduleFiles } from '../../src/server/definitions/module-files.ts'
import { stoppedBy, wasRefused } from '../../src/server/definitions/module-sentences.ts'
import { grantsOfOwnData } from '../../src/server/own-data.ts'
import { defineTool } from '../support/definitions.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const probe = pathToFileURL(join(ROOT, 'test/fixtures/modules/probe.mjs'))
const modules = { add: () => () => Promise.resolve({ kind: 'cancelled' as const }) }
const problemsOf = (definition: object, over: object = {}): readonly string[] =>
  defineTool({ name: 'probe', ...definition }, { modules, ...over }).problems.map((problem) => problem.replace('tool "probe": ', ''))

describe('the definition of a tool that is a module', () => {
  it('is an entry like any other', () => {
    const { entry, problems } = defineTool({ name: 'probe', execute: probe, sandbox: { read: ['./'], timeoutMs: 50 } }, { modules })
    assert.deepEqual([problems, entry?.kind, entry?.name], [[], 'tool', 'probe'])
  })

  it('names a file that is there, and a module', async () => {
    const fine = 'execute: must be a function, or the URL of a file: new URL("./convert.ts", import.meta.url)'
    assert.deepEqual(problemsOf({ execute: new URL('https://example.com/convert.ts') }), [fine])
    assert.deepEqual(problemsOf({ execute: new URL('data:text/javascript,export default 1') }), [fine])
    assert.deepEqual(problemsOf({ execute: new URL('?a', probe) }), [fine])
    const nowhere = new URL('./nowhere.mjs', probe)
    assert.deepEqual(problemsOf({ execute: nowhere }), [`execute: ${nowhere.pathname} is not there`])
    assert.deepEqual(problemsOf({ execute: new URL('../modules/', probe) }), ['execute: must be a JavaScript or TypeScript module'])
    assert.deepEqual(problemsOf({ execute: probe.href }), ['execute: must be a function, or the URL of a module'])
  })

  it('says what it is granted in the one language, and nothing that decides what is run', () => {
    const { length } = problemsOf({ execute: probe, sandbox: { reed: ['.'] } })
    assert.equal(length, 1)
    assert.match(problemsOf({ execute: probe, sandbox: { reed: ['.'] } })[0] ?? '', /^sandbox.*reed.*did you mean "read"/)
    assert.match(problemsOf({ execute: probe, sandbox: { net: ['nowhere'] } })[0] ?? '', /^sandbox\.net\.0: must be HOST:PORT/)
    for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES', 'node_path'])
      assert.match(problemsOf({ execute: probe, sandbox: { env: [name] } })[0] ?? '', /decides what is run/, name)
    assert.deepEqual(problemsOf({ execute: probe, sandbox: { env: ['TZ'] } }), [])
    assert.match(problemsOf({ execute: probe, sandbox: { write: ['./nowhere'] } })[0] ?? '', /^sandbox\.write: .*nowhere is not there$/)
  })

  it('has a sandbox only with a module', () => {
    assert.deepEqual(problemsOf({ execute: () => 1, sandbox: {} }), [
      'sandbox: is for a tool whose `execute` is the URL of a module: a function runs in this process',
    ])
    assert.throws(() => new MCPServer({ tools: [{ name: 'x', execute: () => 1, sandbox: {} } as never], log: false }), ConfigError)
  })

  it('is refused as a function where it is destructive and the server strict', () => {
    const destructive = { annotations: { destructiveHint: true } }
    assert.deepEqual(problemsOf({ ...destructive, execute: () => 1 }), [])
    assert.deepEqual(problemsOf({ ...destructive, execute: probe }, { strict: true }), [])
    assert.deepEqual(problemsOf({ execute: () => 1 }, { strict: true }), [])
    assert.match(problemsOf({ ...destructive, execute: () => 1 }, { strict: true })[0] ?? '', /is destructive.*make it a module/)
  })

  it('is told of in words that name the tool and nothing of the machine', () => {
    assert.equal(wasRefused('convert', 'read'), 'The tool convert tried to read what it was not granted.')
    assert.equal(stoppedBy('convert', 'memory', toolLimits), 'The tool convert used more than the 256 MiB of memory that it may use.')
    assert.equal(stoppedBy('convert', 'crash', toolLimits), 'The tool convert ended before it answered.')
    // Not that it started so many: what it was refused may be what the machine has no more of.
    const processes = 'The tool convert needed more processes than it can have: 64 at most, threads among them.'
    assert.equal(stoppedBy('convert', 'processes', toolLimits), processes)
  })

  it('is where it was thrown, for whoever looks it up, unless nothing of it has run', async () => {
    const told = async (error: ChildError): Promise<string> => {
      const run = createRunModule({ name: 'a', file: '/t/a.ts', grants: toGrants({}, '/t', toolLimits) }, async () => ({
        kind: 'failed',
        error,
      }))
      return run({ args: {}, principal: {}, capabilities: {}, meta: {} } as never).then(String, ({ stack }: Error) => stack ?? '')
    }
    assert.equal(await told({ name: 'RangeError', message: 'b' }), 'RangeError: b\n    in the module /t/a.ts')
    assert.doesNotMatch(await told({ name: 'ConfigError', message: 'b', isUnconfined: true }), /in the module/)
  })

  it('is written with types', () => {
    const module = ({ amount }: { amount: number }, { principal, fail }: ModuleContext): number | never =>
      principal.subject === 'nobody' ? fail('Nobody may.') : amount
    assert.equal(typeof module, 'function')
    // @ts-expect-error which credential it was stays outside
    void ((context: ModuleContext) => context.principal.credentialId)
  })
})

describe('what is seen beside a module', () => {
  it('is its folder and the packages above it, without what looks like a secret', async () => {
    await using temp = await createTempDir('module')
    const tools = join(temp.path, 'app', 'tools')
    await mkdir(join(tools, 'deep'), { recursive: true })
    await mkdir(join(temp.path, 'app', 'node_modules'))
    for (const name of ['convert.ts', '.env', '.env.local', 'deep/server.key', 'deep/rates.json', 'sallyport.yaml', 'id_ed25519'])
      await writeFile(join(tools, name), '')
    await writeFile(join(temp.path, 'app', 'package.json'), '{}')
    await writeFile(join(temp.path, 'app', 'secret.json'), '{}')
    const { code, hidden } = moduleFiles(join(tools, 'convert.ts'))
    const below = (path: string): boolean => path.startsWith(temp.path)
    assert.deepEqual(code.filter(below), [tools, join(temp.path, 'app', 'node_modules'), join(temp.path, 'app', 'package.json')])
    const names = ['.env', '.env.local', 'deep/server.key', 'id_ed25519', 'sallyport.yaml']
    assert.deepEqual([...hidden].sort(), names.map((name) => join(tools, name)).sort())
  })
  it('is nothing that nobody has looked at', async () => {
    await using temp = await createTempDir('module')
    const deep = join(temp.path, ...Array.from({ length: 17 }, () => 'deep'))
    await mkdir(deep, { recursive: true })
    await writeFile(join(deep, '.env'), '')
    assert.deepEqual(moduleFiles(join(temp.path, 'convert.ts')).hidden, [deep, join(temp.path, '.env'), join(temp.path, '.env.local')])
    // Twenty thousand files of somebody else, which nobody has to make first.
    assert.throws(() => moduleFiles(join(ROOT, 'node_modules', 'convert.ts')), ConfigError)
  })
  it('is nothing that a link only calls so', async () => {
    await using temp = await createTempDir('module')
    const tools = join(temp.path, 'app', 'tools')
    await mkdir(tools, { recursive: true })
    await mkdir(join(temp.path, 'keys'))
    await writeFile(join(temp.path, 'keys', 'id_rsa'), '')
    await symlink(join(temp.path, 'keys'), join(temp.path, 'app', 'node_modules'))
    await symlink(join(temp.path, 'keys', 'id_rsa'), join(temp.path, 'app', 'package.json'))
    const { code } = moduleFiles(join(tools, 'convert.ts'))
    assert.deepEqual(
      code.filter((path) => path.startsWith(temp.path)),
      [tools],
    )
  })
})

describe('what is granted to a module', () => {
  it('is never the server’s own data, nor a folder from which it could be moved', async () => {
    await using temp = await createTempDir('own')
    const dataDir = join(temp.path, 'below', 'data')
    await mkdir(join(temp.path, 'tools'))
    await mkdir(join(dataDir, 'sub'), { recursive: true })
    const file = join(temp.path, 'tools', 'convert.mjs')
    await writeFile(file, 'export default () => 1')
    const refused: SandboxOptions[] = [{ read: [dataDir] }, { write: [dataDir] }, { read: [join(dataDir, 'sub')] }, { write: ['..'] }]
    for (const sandbox of refused) {
      const server = new MCPServer({ port: 0, dataDir, tools: [{ name: 'convert', execute: pathToFileURL(file), sandbox }] })
      await assert.rejects(server.listen(), /own data/, JSON.stringify(sandbox))
    }
    const { read, write } = { read: ['..'], write: ['.'] }
    const tools = [{ name: 'convert', file, grants: toGrants({ read, write }, join(temp.path, 'tools'), toolLimits) }]
    assert.deepEqual(grantsOfOwnData(tools, dataDir), [])
  })
})

describe('a folder of tools', () => {
  it('asks each module what it is, without running any of it here', async () => {
    await using temp = await createTempDir('tools')
    // What runs inside is another user where we are root, and does not get into a folder that is ours alone.
    const folder = join(temp.path, 'tools')
    await mkdir(folder)
    const marker = 'sallyport_ran_here'
    await writeFile(
      join(folder, 'count.ts'),
      `(globalThis as any).${marker} = true
       export const definition = { description: 'Counts', parameters: { type: 'object', properties: { text: { type: 'string', maxLength: 9 } } } }
       export default ({ text }: { text: string }) => text.length`,
    )
    await writeFile(join(folder, 'named.mjs'), "export const definition = { name: 'other' }; export default () => 1")
    for (const name of ['_shared.mjs', '.hidden.mjs', 'count.test.ts', 'types.d.ts', 'notes.md'])
      await writeFile(join(folder, name), 'no module')
    const tools = await toolsFrom(pathToFileURL(`${folder}/`))
    assert.deepEqual(
      tools.map(({ name, execute }) => [name, (execute as URL).href]),
      [
        ['count', pathToFileURL(join(folder, 'count.ts')).href],
        ['other', pathToFileURL(join(folder, 'named.mjs')).href],
      ],
    )
    assert.equal(tools[0]?.description, 'Counts')
    assert.equal(marker in globalThis, false)
  })

  it('names every module that is no tool', async () => {
    await using temp = await createTempDir('tools')
    // What runs inside is another user where we are root, and does not get into a folder that is ours alone.
    const folder = join(temp.path, 'tools')
    await mkdir(folder)
    const files: Record<string, string> = {
      'a.mjs': 'export default () => 1',
      'b.mjs': 'export const definition = {}',
      'c.mjs': "throw new Error('it broke')",
      'd.mjs': 'export const definition = { parameters: { parse() {} } }; export default () => 1',
      'e.mjs': "import { readFileSync } from 'node:fs'; readFileSync('/etc/passwd'); export default () => 1",
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    await assert.rejects(toolsFrom(pathToFileURL(`${folder}/`)), (error: ConfigError) => {
      const problems = error.problems.map((problem) => problem.replace(/^[^/]+\//, ''))
      assert.equal(problems.length, 5)
      assert.equal(problems[0], 'a.mjs: must export an object as `definition`')
      assert.equal(problems[1], 'b.mjs: the module must export a function as its default')
      assert.equal(problems[2], 'c.mjs: it broke')
      assert.match(problems[3] ?? '', /^d\.mjs: definition: parse must be plain data/)
      assert.match(problems[4] ?? '', /^e\.mjs: .*restricted/)
      return true
    })
    await assert.rejects(toolsFrom(pathToFileURL(join(folder, 'nowhere/'))), ConfigError)
  })
})

describe('what something inside has thrown', () => {
  const thrown = (more: object): ReturnType<typeof toChildError> => toChildError(Object.assign(new Error('x'), more))
  it('is told with what it was not granted', () => {
    const cases: [object, string | undefined][] = [
      [{ code: 'ERR_ACCESS_DENIED', permission: 'FileSystemRead' }, 'read'],
      [{ code: 'ERR_ACCESS_DENIED', permission: 'FileSystemWrite' }, 'write'],
      [{ code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' }, 'run'],
      [{ code: 'ERR_ACCESS_DENIED', permission: 'Inspector' }, 'other'],
      [{ code: 'EROFS', syscall: 'open' }, 'write'],
      [{ code: 'EACCES', syscall: 'open' }, 'read'],
      [{ code: 'EACCES', syscall: 'unlink' }, 'write'],
      [{ code: 'ENOENT', syscall: 'open' }, undefined],
      [{ code: 'ENOENT', syscall: 'spawn git' }, 'run'],
      [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'net'],
      [{ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, 'net'],
      [{ cause: { code: 'ENETUNREACH', syscall: 'connect' } }, 'net'],
      [{ cause: { errors: [{ code: 'ECONNREFUSED', syscall: 'connect' }] } }, 'net'],
      [{ cause: { code: 'UND_ERR_ABORTED', message: 'Proxy response (403) !== 200 when HTTP Tunneling' } }, 'net'],
      [{ cause: { code: 'UND_ERR_ABORTED', message: 'Proxy response (502) !== 200 when HTTP Tunneling' } }, undefined],
      [{ code: 'EADDRINUSE', syscall: 'listen' }, undefined],
    ]
    for (const [more, permission] of cases) assert.equal(thrown(more).permission, permission, JSON.stringify(more))
  })
  it('is told with the limit that the kernel keeps', () => {
    const cases: [object, string | undefined][] = [
      [{ code: 'ENOSPC', syscall: 'write' }, 'disk'],
      [{ cause: { code: 'ENOSPC', syscall: 'open' } }, 'disk'],
      [{ code: 'EAGAIN', syscall: 'spawn git' }, 'processes'],
      // Too many files that are watched, and a descriptor that has nothing to read: nothing of ours.
      [{ code: 'ENOSPC', syscall: 'watch' }, undefined],
      [{ code: 'EAGAIN', syscall: 'read' }, undefined],
    ]
    for (const [more, limit] of cases) assert.equal(thrown(more).limit, limit, JSON.stringify(more))
  })
  it('is bounded, and may be anything', () => {
    assert.equal(thrown({ message: 'm'.repeat(100_000) }).message.length, 16_384)
    assert.equal(thrown({ name: 'n'.repeat(1000) }).name.length, 128)
    assert.equal(toChildError(undefined).name, 'Error')
    assert.equal(toChildError('text').message, 'it threw something that is no error: string')
    const hostile = Object.defineProperty(new Error(), 'message', {
      get: () => {
        throw new Error('again')
      },
    })
    assert.equal(toChildError(hostile).message, 'it threw something that cannot be read')
    const around: Record<string, unknown> = {}
    around['cause'] = around
    assert.equal(toChildError(around).permission, undefined)
  })
})

describe('who waits', () => {
  it('has a turn after the others, however many of one there are', () => {
    const queue = createQueue<string>(100)
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1']) queue.add(item[0] as string, item)
    const taken = Array.from({ length: 5 }, () => queue.take(() => true))
    assert.deepEqual(taken, ['a1', 'b1', 'c1', 'a2', 'a3'])
    assert.equal(queue.size, 0)
  })
  it('is passed over while it may not, and is the first again when it was put back', () => {
    const queue = createQueue<string>(100)
    for (const item of ['a1', 'a2', 'b1']) queue.add(item[0] as string, item)
    assert.equal(
      queue.take((owner) => owner === 'b'),
      'b1',
    )
    const first = queue.take(() => true) as string
    queue.add('c', 'c1')
    queue.putBack('a', first)
    assert.deepEqual(
      [1, 2, 3].map(() => queue.take(() => true)),
      ['a1', 'c1', 'a2'],
    )
  })
  it('finds no room beyond the bound, and one owner not beyond half of it', () => {
    const queue = createQueue<number>(4)
    assert.deepEqual(
      [1, 2, 3].map((item) => queue.add('a', item)),
      [true, true, false],
    )
    assert.deepEqual(
      [1, 2, 3].map((item) => queue.add('b', item)),
      [true, true, false],
    )
    assert.equal(queue.add('c', 1), false)
    assert.equal(queue.remove('a', 1), true)
    assert.equal(queue.remove('a', 1), false)
    assert.equal(queue.add('c', 1), true)
    assert.deepEqual(queue.drain((item) => item === 1).length, 2)
    assert.equal(queue.size, 2)
  })
})
