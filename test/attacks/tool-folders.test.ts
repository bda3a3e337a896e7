/**
 * Folders of tools whose modules ask for more than whoever loads them allows: nothing of such a folder is started, and a link that is
 * turned elsewhere after it was judged grants nothing.
 */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runInThisContext } from 'node:vm'
import { ConfigError } from '../../src/core/index.ts'
import { toolsFrom } from '../../src/index.ts'
import type { SandboxOptions } from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { said } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies('sandbox-folder')

const SECRET = 'the secret of another folder'
const atMost: SandboxOptions = {
  read: ['../data'],
  write: ['../out'],
  net: ['*.example.com:443'],
  env: ['TZ'],
  run: ['git'],
  timeoutMs: 5000,
  memoryMb: 128,
}
/** By the file that asks. */
const hostile: Readonly<Record<string, SandboxOptions>> = {
  beside: { read: ['../data', '../data-of-others', '../data/link', '/etc/ssl'], write: ['../out', '../data'] },
  connects: { net: ['api.example.com:443', 'api.example.com:80', 'example.com:443', '*.com.example:443', '10.0.0.7:443'] },
  costs: { timeoutMs: 5001, memoryMb: 128, cpuSeconds: 11, maxProcesses: 65, maxOutputBytes: 4_194_305, scratchMb: 33 },
  starts: { env: ['TZ', 'HOME'], run: ['git', '/usr/bin/git'] },
}
const benign: SandboxOptions = {
  read: ['../data/rates.txt', '../out'],
  write: ['../out/mine'],
  net: ['api.example.com:443', '*.eu.example.com:443'],
  env: ['TZ'],
  memoryMb: 100,
  cpuSeconds: 10,
}

let temp: Awaited<ReturnType<typeof createTempDir>>
let root: string
const at = (...names: string[]): string => join(root, ...names)
const folder = (name: string): URL => pathToFileURL(`${at(name)}/`)
const asking = (file: string, sandbox: SandboxOptions, execute = '() => 1'): void =>
  writeFileSync(file, `export const definition = ${JSON.stringify({ sandbox })}\nexport default ${execute}\n`)

/** A module that answers what the first of these files that it can read holds. */
const reading = (...names: string[]): string => `async () => {
  const { readFileSync } = await import('node:fs')
  for (const path of ${JSON.stringify(names.map((name) => at(name)))}) try { return readFileSync(path, 'utf8') } catch {}
  return 'nothing'
}`

before(async () => {
  temp = await createTempDir('folders')
  root = realpathSync(temp.path)
  // What runs inside is another user where we are root.
  chmodSync(root, 0o755)
  for (const name of ['data', 'out/mine', 'data-of-others', 'secret', 'hostile', 'benign']) mkdirSync(at(name), { recursive: true })
  for (const [name, text] of Object.entries({ 'data/rates.txt': 'rates', 'secret/rates.txt': SECRET })) writeFileSync(at(name), text)
  symlinkSync(at('secret'), at('data/link'))
  for (const [name, sandbox] of Object.entries(hostile)) asking(at('hostile', `${name}.mjs`), sandbox)
  asking(at('benign', 'within.mjs'), benign)
})
after(() => temp?.remove())

async function problemsOf(atMost?: SandboxOptions): Promise<readonly string[]> {
  const loaded = toolsFrom(folder('hostile'), { atMost })
  await assert.rejects(loaded, ConfigError)
  return loaded.then(
    () => [],
    (error: ConfigError) => error.problems,
  )
}

describe('a folder whose modules ask for more than they may have', needsBubblewrap, () => {
  test('is not started: every module is named, with every grant beyond, and the line that would allow them does', async () => {
    const problems = await problemsOf(atMost)
    const beyond = 'which `atMost` does not allow'
    assert.deepEqual(problems.slice(0, -1), [
      `hostile/beside.mjs: asks for read: ['../data-of-others', '../secret', '/etc/ssl'], write: ['../data'], ${beyond}`,
      `hostile/connects.mjs: asks for net: ['api.example.com:80', 'example.com:443', '*.com.example:443', '10.0.0.7:443'], ${beyond}`,
      `hostile/costs.mjs: asks for timeoutMs: 5001, cpuSeconds: 11, maxProcesses: 65, maxOutputBytes: 4194305, scratchMb: 33, ${beyond}`,
      `hostile/starts.mjs: asks for env: ['HOME'], run: ['/usr/bin/git'], ${beyond}`,
    ])
    const [, written] =
      /^to allow all that the modules of hostile\/ ask for: toolsFrom\(folder, (\{.*\})\)$/.exec(problems.at(-1) ?? '') ?? []
    const options = runInThisContext(`(${written})`) as { readonly atMost: SandboxOptions }
    assert.equal((await toolsFrom(folder('hostile'), options)).length, Object.keys(hostile).length)
  })

  test('nor without a bound: then there is nothing to be had', async () => {
    const problems = await problemsOf()
    assert.equal(problems.length, Object.keys(hostile).length + 1)
    assert.match(problems[0] ?? '', /beside\.mjs: asks for read: \['\.\.\/data', .*write: \['\.\.\/out', '\.\.\/data'\]/)
  })

  test('what is hidden beside a module is not had because its folder is', async () => {
    mkdirSync(at('hiding'))
    writeFileSync(at('hiding/.env'), SECRET)
    asking(at('hiding/asks.mjs'), { read: ['./.env', './'] })
    const load = (...read: string[]): Promise<object[]> => toolsFrom(folder('hiding'), { atMost: { read } })
    await assert.rejects(load('./'), /asks for read: \['\.\/\.env'\], which.*atMost: \{ read: \['\.\/', '\.\/\.env'\] \}/s)
    assert.equal((await load('./', './.env')).length, 1, 'whoever names it means it')
  })

  test('what is hidden is not had by moving the folder around it: the next child would see it', async () => {
    mkdirSync(at('moving/conf'), { recursive: true })
    for (const name of ['moving/.env', 'moving/conf/.env']) writeFileSync(at(name), SECRET)
    asking(at('moving/moves.mjs'), { write: ['./'] }, reading('moving/.env', 'moving/elsewhere/.env'))
    const tools = await toolsFrom(folder('moving'), { atMost: { write: ['./'] } })
    await assert.rejects(startServer({ tools }), /moving\/conf\/\.env stays hidden from it, and is in a folder that it could move/)
    // The twin: what lies in the granted folder itself can be moved by nobody inside.
    renameSync(at('moving/conf'), at('moved'))
    await using server = await startServer({ tools: await toolsFrom(folder('moving'), { atMost: { write: ['./'] } }) })
    assert.equal(said(await mcp(server.url, { key: await server.key() }).call('moves', {})), 'nothing')
  })

  test('a secret that somebody puts beside a module is seen by no child that was there before, nor by the next', async () => {
    mkdirSync(at('later'))
    asking(at('later/looks.mjs'), {}, reading('later/.env'))
    await using server = await startServer({ tools: await toolsFrom(folder('later')) })
    const client = mcp(server.url, { key: await server.key() })
    assert.equal(said(await client.call('looks', {})), 'nothing')
    writeFileSync(at('later/.env'), SECRET)
    // It is looked ten times a second: children of before are ended, and the next have it covered.
    const looks = async (): Promise<string> => JSON.stringify((await client.call('looks', {})).body)
    await until('nobody sees it', async () => !(await looks()).includes(SECRET))
    const another = mcp(server.url, { key: await server.key() })
    await until('it is called as before', async () => said(await another.call('looks', {})) === 'nothing')
    assert.doesNotMatch(await looks(), new RegExp(SECRET))
  })

  test('what a module has written looks in no message like something else', async () => {
    mkdirSync(at('misleading'))
    asking(at('misleading', 'a.mjs'), { run: ["git'] })\u202e\n\u001b[2K"] })
    await assert.rejects(toolsFrom(folder('misleading'), { atMost }), (error: ConfigError) => {
      assert.match(error.message, /run: \['git\\'\] \}\)\\u\{202e\}\\u\{a\}\\u\{1b\}\[2K'\]/)
      return true
    })
    mkdirSync(at('failing'))
    writeFileSync(at('failing/b.mjs'), String.raw`throw new Error('no\n\u001b[2Kb.mjs: is fine')`)
    await assert.rejects(toolsFrom(folder('failing')), (error: ConfigError) => {
      assert.deepEqual(error.problems, [String.raw`failing/b.mjs: no\u000a\u001b[2Kb.mjs: is fine`])
      return true
    })
  })
})

describe('the benign twin', needsBubblewrap, () => {
  test('gets what it asks for, and of what it does not name no more than the bound', async () => {
    const [within] = await toolsFrom(folder('benign'), { atMost })
    assert.deepEqual(within?.sandbox, {
      ...benign,
      read: [at('data/rates.txt'), at('out')],
      write: [at('out/mine')],
      run: [],
      timeoutMs: 5000,
      maxProcesses: 64,
      maxOutputBytes: 4_194_304,
      scratchMb: 32,
    })
  })

  test('reads what it was granted, and nothing where that leads elsewhere since it was judged', async () => {
    mkdirSync(at('readers'))
    mkdirSync(at('data/turned'))
    writeFileSync(at('data/turned/rates.txt'), 'rates')
    asking(at('readers/stays.mjs'), { read: ['../data/rates.txt'] }, reading('data/rates.txt'))
    asking(at('readers/turned.mjs'), { read: ['../data/turned'] }, reading('data/turned/rates.txt', 'secret/rates.txt'))
    const tools = await toolsFrom(folder('readers'), { atMost })
    renameSync(at('data/turned'), at('data/before'))
    symlinkSync(at('secret'), at('data/turned'))
    await using server = await startServer({ tools })
    const client = mcp(server.url, { key: await server.key() })
    assert.equal(said(await client.call('stays', {})), 'rates')
    const { body } = await client.call('turned', {})
    assert.doesNotMatch(JSON.stringify(body), new RegExp(`${SECRET}|rates`))
  })
})
