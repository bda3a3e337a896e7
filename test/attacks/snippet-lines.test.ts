// A snippet that has broken out of its interpreter is a program in a sandbox, which writes to us what it likes. It gets no more calls, no
// larger ones and no other answer than one that has not.

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { type JsonObject, silentLog } from '../../src/core/index.ts'
import {
  createPool,
  createSnippets,
  insideFiles,
  insideProgram,
  openConfinement,
  type SnippetEnd,
  snippetDefaults,
  snippetProgram,
} from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'

verifies('snippet-lines')

const limits = { ...snippetDefaults, timeoutMs: 5_000, maxCalls: 3, resultBytes: 4_096 }

// In place of ours: what it is sent as code, it does as the process that it is.
const ESCAPED = `
import { writeSync } from 'node:fs'
import { serve } from ${JSON.stringify(insideProgram('jobs'))}
await serve(async () => (message, job) => new Promise((resolve) => {
  const raw = (line) => writeSync(1, line)
  new Function('job', 'resolve', 'raw', message.code)(job, resolve, raw)
}))`

suite('a child that has broken out', needsBubblewrap, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-escaped-'))
  const file = join(folder, 'escaped.mjs')
  // Inside, another user reads it.
  chmodSync(folder, 0o755)
  writeFileSync(file, ESCAPED)
  const confinement = await openConfinement()
  const { grants } = snippetProgram(limits, confinement.depth)
  const program = {
    command: process.execPath,
    args: [file],
    cwd: '/',
    env: {},
    grants,
    code: [...insideFiles(), process.execPath, folder],
    forks: false,
  }
  const pool = createPool({ name: 'escaped', confinement, program, log: silentLog, children: 1, spares: 0 })
  after(async () => {
    await pool.close()
    rmSync(folder, { recursive: true })
  })
  const runSnippet = createSnippets(pool, limits)
  const called: [string, JsonObject][] = []
  const run = (code: string): Promise<SnippetEnd> => {
    called.length = 0
    return runSnippet({
      owner: 'alice',
      code,
      tools: [],
      async call(tool, args) {
        called.push([tool, args])
        return { text: '"fine"' }
      },
      onAbort() {},
    })
  }

  test('makes no more calls than it may, whatever it says', async () => {
    const end = await run(`
      const answers = []
      job.onReply((answer) => answers.push(answer.error ?? answer.text) === 9 && resolve({ result: JSON.stringify(answers) }))
      for (let at = 0; at < 9; at++) job.say({ call: at, name: 'x', args: '{}' })`)
    assert.equal(called.length, 3)
    assert.ok(end.kind === 'returned' && end.calls === 3)
    assert.equal((end.value as string[]).filter((answer) => answer === '"fine"').length, 3)
  })

  test('says nothing that is taken for a call and is none', async () => {
    const deep = `{"a":${'['.repeat(100)}${']'.repeat(100)}}`
    const wrong = [
      { call: '1', name: 'x', args: '{}' },
      { call: 1, args: '{}' },
      { call: 1, name: 'x', args: {} },
      { call: 1, name: 7, args: '{}' },
      {},
    ]
    const refused = ['[]', 'null', '{"a":1,"a":2}', 'no JSON', deep]
    for (const args of refused) {
      await run(`job.onReply(() => resolve({ result: '1' }))\njob.say({ call: 1, name: 'x', args: ${JSON.stringify(args)} })`)
      assert.deepEqual(called, [], args)
    }
    await run(`for (const each of ${JSON.stringify(wrong)}) job.say(each)\nresolve({ result: '1' })`)
    assert.deepEqual(called, [])
    // The twin.
    await run(`job.onReply(() => resolve({ result: '1' }))\njob.say({ call: 1, name: 'x', args: '{"a":1}' })`)
    assert.deepEqual(called, [['x', { a: 1 }]])
  })

  test('answers nothing but its own job, and in no other form', async () => {
    const forged = await run(
      `raw('{"id":"of another","done":{"result":"2"}}\\n{"id":null,"done":{"result":"3"}}\\n{"done":1}\\n')\nresolve({ result: '1' })`,
    )
    assert.ok(forged.kind === 'returned' && forged.value === 1)
    for (const answer of ['null', '7', '[]', '{ "result": 7 }', '{ "result": {} }', '{}'])
      assert.deepEqual(await run(`resolve(${answer})`), { kind: 'stopped', why: 'crash' }, answer)
    const deep = await run(`resolve({ result: '['.repeat(100) + ']'.repeat(100), logs: 'none' })`)
    assert.ok(deep.kind === 'threw' && /nested deeper/.test(deep.error.message))
    const noted = await run(`resolve({ result: '1', logs: [...Array(1e4).fill('x'), 7] })`)
    assert.ok(noted.kind === 'returned' && noted.logs.length <= 256)
    const thrown = await run(`resolve({ error: { name: 7, message: 'x'.repeat(2e4), stack: {} } })`)
    assert.ok(thrown.kind === 'threw' && thrown.error.name === 'Error' && thrown.error.message.length < 2e4)
  })

  test('is ended where it says too much, and the next child answers', async () => {
    assert.deepEqual(await run(`for (;;) raw('x'.repeat(65536))`), { kind: 'stopped', why: 'output' })
    assert.equal((await run(`resolve({ result: '1' })`)).kind, 'returned')
  })
})
