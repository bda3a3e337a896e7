/**
 * Our client signs people in by itself: in a browser that it starts as a program, on another device, and where the program shows the way;
 * at our own guard, and at a server of the official SDK behind oidc-provider. What it keeps is used by the next process.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DeviceCode, MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { type Files, guardFiles } from '../clients/files.ts'
import { createPerson } from '../clients/person.ts'
import type { KeptClientTask } from '../fixtures/kept-client.ts'
import { ANA } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, signIn, textOf } from '../support/browser.ts'
import { problemOf, REDIRECT_URI } from '../support/client.ts'
import { createTempDir, firstLine, ROOT, start, withBin } from '../support/index.ts'
import { signInAtIssuer, startSdkServer } from '../support/sdk-server.ts'

const PROGRAM = join(ROOT, 'test', 'fixtures', 'kept-client.ts')
const create = (serverUrl: string, options: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl, auth: { type: 'oauth2' }, log: silentLog, ...options })

/** What a program with a kept sign-in prints in the end. */
async function runProgram(task: KeptClientTask, env: Record<string, string>): Promise<string> {
  const child = start(process.execPath, [PROGRAM, JSON.stringify(task)], { env: { ...withBin(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  await firstLine(child, 60_000, /ready/)
  const ended = once(child.process, 'close')
  child.process.stdin?.end('go\n')
  await ended
  return child.stdout() + child.stderr()
}

describe('a guarded server', () => {
  let files: Files
  before(async () => {
    files = await guardFiles()
    await files.guard.user(ANA.name, ANA.password)
  })
  after(() => files[Symbol.asyncDispose]())

  it('is signed in to with a browser that is a program of the machine, and used by the next process', async () => {
    await using dir = await createTempDir('kept')
    await using person = await createPerson(files.guard, 'ben')
    const task = {
      serverUrl: files.guard.url,
      dataDir: dir.path,
      call: { name: 'read_text_file', args: { path: files.note } },
    }
    const said = await runProgram({ ...task, signIn: true }, person.env)
    assert.ok(said.includes(files.text), `${said}\n${await person.visits()}`)
    assert.match(await person.visits(), /returned to http:\/\/127\.0\.0\.1:\d+\/callback: 200/)

    const visits = await person.visits()
    assert.ok((await runProgram(task, person.env)).includes(files.text))
    assert.equal(await person.visits(), visits, 'nobody was asked again')

    const kept = await Promise.all(
      (await readdir(dir.path, { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile())
        .map((one) => readFile(join(one.parentPath, one.name), 'latin1')),
    )
    assert.ok(kept.length > 0)
    assert.ok(!kept.some((text) => /accessToken|refreshToken|eyJ/.test(text)), 'nothing of it is in clear')
  })

  it('is renewed by the next process, an hour later', async () => {
    await using dir = await createTempDir('later')
    const options = { tokenStore: 'file', dataDir: dir.path } as const
    await using client = create(files.guard.url, options)
    await client.signIn({ openBrowser: async (url) => void (await fetch(await signIn(url, ANA))) })
    // Its clock is an hour ahead of the server's, which takes proofs of possession by its own.
    await using later = create(files.guard.url, { ...options, clock: () => Date.now() + 3_600_000 })
    await later.callTool('read_text_file', { path: files.note })
    await client.callTool('read_text_file', { path: files.note })
  })

  it('is signed in to on another device', async () => {
    await using client = create(files.guard.url)
    const codes: DeviceCode[] = []
    const allowed = client.signIn({
      device: true,
      scopes: ['tools:read'],
      onDeviceCode: (code) => {
        codes.push(code)
        return allowDevice(code)
      },
    })
    await allowed
    assert.match(codes[0]?.userCode ?? '', /^[A-Z]{4}-[A-Z]{4}$/)
    assert.equal((await client.callTool('read_text_file', { path: files.note })).isError, undefined)
  })

  it('is signed in to, and stepped up at, whenever a request needs it, where the program says how', async () => {
    const asked: string[] = []
    await using client = create(files.guard.url, {
      auth: {
        type: 'oauth2',
        scopes: ['tools:read'],
        redirectUri: REDIRECT_URI,
        signIn: (url) => {
          asked.push(new URL(url).searchParams.get('scope') ?? '')
          return signIn(url, ANA)
        },
      },
    })
    await client.callTool('read_text_file', { path: files.note })
    await client.callTool('write_file', { path: files.other, content: 'written' })
    assert.deepEqual(asked, ['tools:read', 'tools:read tools:execute'])
    assert.equal(await readFile(files.other, 'utf8'), 'written')
  })

  it('is signed out of for good: what was kept opens nothing any more', async () => {
    await using dir = await createTempDir('signed-out')
    const options: Partial<MCPClientOptions> = { tokenStore: 'file', dataDir: dir.path }
    await using client = create(files.guard.url, options)
    await client.signIn({ openBrowser: async (url) => void (await fetch(await signIn(url, ANA))) })
    await client.listTools()
    assert.deepEqual(await client.signOut(), { wasSignedIn: true, revoked: true })
    await using next = create(files.guard.url, options)
    assert.equal(await problemOf(next.listTools() as Promise<unknown>), 'AuthorizationError sign_in_required')
  })

  it('says whom it sends people to', async () => {
    await using client = new MCPClient({ serverUrl: files.guard.url, log: silentLog })
    assert.equal(await client.authorizationServer(), new URL(files.guard.url).origin)
  })
})

describe('a server of the SDK behind oidc-provider', () => {
  it('is signed in to with a browser, called, and signed out of', async () => {
    await using server = await startSdkServer()
    await using client = create(server.url)
    await client.signIn({ openBrowser: async (url) => void (await fetch(await signInAtIssuer(url, 'ana'))) })
    assert.ok((await client.listTools()).some(({ name }) => name === 'analyze_document'))
    await client.callTool('analyze_document', { document: 'a', documentId: 'b' })
    assert.equal((await client.signOut()).wasSignedIn, true)
    assert.equal(await problemOf(client.listTools() as Promise<unknown>), 'AuthorizationError sign_in_required')
  })
})

/** A person at the pages of the guard, with the code that the device shows. */
async function allowDevice({ verificationUri, userCode }: DeviceCode): Promise<void> {
  const browser = createBrowser()
  const press = async (page: Shown, more: readonly (readonly [string, string])[]): Promise<Shown> => {
    const form = formsOf(page)[0]
    assert.ok(form, textOf(page.html))
    const rest = prefilled(form).filter(([name]) => !more.some(([given]) => given === name))
    const shown = await browser.submit(page, form, [...rest, ...more])
    assert.ok('html' in shown)
    return shown
  }
  const first = await browser.open(verificationUri)
  assert.ok('html' in first)
  const asked = await press(first, [['user_code', userCode]])
  const at = await press(asked, [['confirm', 'yes']])
  const consent = await press(at, [
    ['name', ANA.name],
    ['password', ANA.password],
  ])
  // Whoever allows something has had a second to read it.
  await new Promise((read) => setTimeout(read, 1100))
  const done = await press(consent, [['decision', 'allow']])
  assert.match(textOf(done.html), /The device is connected/)
}
