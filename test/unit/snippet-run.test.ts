// A snippet in its sandbox: what it can do, how it is told of its own mistakes, and where it is stopped. Real children, real interpreter.

import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { silentLog } from '../../src/core/index.ts'
import {
  createPool,
  createSnippets,
  openConfinement,
  type Snippet,
  type SnippetEnd,
  snippetDefaults,
  snippetProgram,
} from '../../src/sandbox/index.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'

const limits = {
  ...snippetDefaults,
  timeoutMs: 8_000,
  runSeconds: 2,
  memoryMb: 16,
  maxCalls: 6,
  maxConcurrentCalls: 2,
  resultBytes: 65_536,
}

suite('a snippet', needsBubblewrap, async () => {
  const confinement = await openConfinement()
  const pool = createPool({
    name: 'snippets',
    confinement,
    program: snippetProgram(limits, confinement.depth),
    log: silentLog,
    children: 2,
    spares: 0,
  })
  after(pool.close)
  const runSnippet = createSnippets(pool, limits)
  const echo: Snippet['call'] = async (tool, args) => ({ text: JSON.stringify({ tool, args }) })
  const run = (code: string, over: Partial<Snippet> = {}): Promise<SnippetEnd> =>
    runSnippet({ owner: 'alice', code, tools: ['add', 'a.b'], call: echo, onAbort() {}, ...over })
  const returned = async (code: string, over?: Partial<Snippet>): Promise<unknown> => {
    const end = await run(code, over)
    assert.equal(end.kind, 'returned', JSON.stringify(end))
    return end.kind === 'returned' ? end.value : undefined
  }
  const threw = async (code: string, over?: Partial<Snippet>) => {
    const end = await run(code, over)
    assert.equal(end.kind, 'threw', JSON.stringify(end))
    return (end as Extract<SnippetEnd, { readonly kind: 'threw' }>).error
  }

  test('returns what it computes', async () => {
    assert.deepEqual(await returned('const all = [1, 2, 3]\nreturn { sum: all.reduce((a, b) => a + b), all }'), { sum: 6, all: [1, 2, 3] })
    assert.equal(await returned('1 + 1 // nothing is returned'), null)
  })

  test('calls tools, several at once, and by any name', async () => {
    assert.deepEqual(await returned('return await tools.add({ x: 1 })'), { tool: 'add', args: { x: 1 } })
    assert.deepEqual(await returned("return await Promise.all([tools.add(), tools['a.b']({ y: 2 })])"), [
      { tool: 'add', args: {} },
      { tool: 'a.b', args: { y: 2 } },
    ])
    assert.deepEqual(await returned("return [Object.keys(tools), 'add' in tools, typeof tools.never]"), [['add', 'a.b'], true, 'function'])
  })

  test('a call that fails throws, where it was made, and can be caught', async () => {
    const call: Snippet['call'] = async () => ({ error: 'Unknown tool' })
    const error = await threw('const x = 1\nreturn await tools.add()', { call })
    assert.deepEqual([error.name, error.message, error.line], ['ToolCallError', 'Unknown tool', 2])
    assert.equal(error.stack?.includes('prelude'), false)
    assert.deepEqual(
      await returned('try { await tools.add() } catch (error) { return [error.name, error.tool, error instanceof ToolCallError] }', {
        call,
      }),
      ['ToolCallError', 'add', true],
    )
  })

  test('no more calls than it may make, and no more at once', async () => {
    let running = 0
    let most = 0
    const call: Snippet['call'] = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      return { text: '1' }
    }
    const code =
      'const all = await Promise.allSettled(Array.from({ length: 9 }, () => tools.add()))\nreturn all.map(({ status }) => status)'
    const states = (await returned(code, { call })) as string[]
    assert.deepEqual([states.filter((state) => state === 'fulfilled').length, states.length, most], [6, 9, 2])
  })

  test('mistakes are told with their line', async () => {
    const syntax = await threw('let x = 1\nlet y = ;\n')
    assert.deepEqual([syntax.name, syntax.line], ['SyntaxError', 2])
    const thrown = await threw('const f = () => {\n  throw new TypeError("boo")\n}\nf()')
    assert.deepEqual([thrown.name, thrown.message, thrown.line], ['TypeError', 'boo', 2])
    assert.match((await threw('return missing')).message, /missing/)
    assert.match((await threw('throw 7')).message, /7/)
    assert.match((await threw('await new Promise(() => {})')).message, /never/)
  })

  test('what it says is kept, within bounds', async () => {
    const end = await run('console.log("a", { b: 1 }, new Error("c"))\nfor (let at = 0; at < 2000; at++) console.log("x".repeat(100))')
    assert.ok(end.kind === 'returned')
    assert.equal(end.logs[0], 'a {"b":1} Error: c')
    assert.equal(end.logs.at(-1), '… (cut)')
    assert.ok(end.logs.join('').length < 2 * limits.logCharacters)
  })

  test('nothing is there but the language', async () => {
    const names = [
      'fetch',
      'require',
      'process',
      'setTimeout',
      'WebAssembly',
      'Worker',
      'XMLHttpRequest',
      'Buffer',
      'std',
      'os',
      'scriptArgs',
    ]
    assert.deepEqual(await returned(`return ${JSON.stringify(names)}.filter((name) => name in globalThis)`), [])
    assert.match((await threw('return await import("node:fs")')).message, /module/)
    assert.match((await threw('return await import("/etc/passwd")')).message, /module/)
  })

  test('each begins anew', async () => {
    await returned('globalThis.left = 1\nArray.prototype.map = () => "mine"\nObject.prototype.polluted = 1\nreturn 1')
    assert.deepEqual(await returned('return [typeof left, [1].map((x) => x), ({}).polluted === undefined]'), ['undefined', [1], true])
  })

  test('it ends when nobody wants it any more', async () => {
    let abort: (() => void) | undefined
    let isAsked: (() => void) | undefined
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const ending = run('await tools.add()\nreturn 1', {
      onAbort: (listener) => {
        abort = listener
      },
      call: () => {
        isAsked?.()
        return new Promise(() => {})
      },
    })
    await asked
    abort?.()
    assert.notEqual((await ending).kind, 'returned')
    assert.equal(await returned('return 2'), 2)
  })
})
