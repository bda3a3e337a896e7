// mcp-remote 0.15 without a browser: as a service with credentials of its own, and with a code that a person types in elsewhere.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClients } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { ANA } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, textOf } from '../support/browser.ts'
import { bin, createTempDir, findFreePort, run, start, stop, withBin } from '../support/index.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

test('a service signs in with its secret, and nobody is asked', async () => {
  await using served = await startService({ port: 0 })
  const home = await createTempDir('home')
  const data = await openData({ dataDir: served.dataDir })
  const { id, secret } = await createClients({ ...data, clock: Date.now }).create({
    name: 'nightly report',
    grantTypes: ['client_credentials'],
    authMethod: 'client_secret_basic',
    scopes: ['tools:read', 'tools:execute'],
    createdBy: 'operator',
  })
  await data.store.close()
  const info = JSON.stringify({ client_id: id, client_secret: '${SECRET}' })
  const port = String(await findFreePort())
  const args = [served.service.url, port, '--transport', 'http-only', '--client-credentials', '--static-oauth-client-info', info]
  const env = { HOME: home.path, MCP_REMOTE_CONFIG_DIR: join(home.path, 'auth'), SECRET: secret }
  const { code, stderr } = await run(bin('mcp-remote-client'), args, { env, input: null, timeoutMs: 45_000 })
  assert.equal(code, 0, stderr)
  assert.ok(stderr.includes('"name": "echo"'), stderr)
  const asked = (await served.records()).find(({ action, clientId }) => action === 'token' && clientId === id)
  assert.deepEqual([asked?.decision, asked?.subject, asked?.facts?.['grant_type']], ['allow', id, 'client_credentials'])
  await home.remove()
})

test('a program without a browser shows a code, and goes on once a person has typed it in', async () => {
  await using served = await startService({ port: 0 })
  await served.account()
  const home = await createTempDir('home')
  const port = String(await findFreePort())
  const env = withBin({ HOME: home.path, MCP_REMOTE_CONFIG_DIR: join(home.path, 'auth') })
  const args = [served.service.url, port, '--transport', 'http-only', '--device-code']
  const child = start(bin('mcp-remote-client'), args, { env, stdio: 'pipe' })
  try {
    // It shows the link with the code in it, which fills the code in and does nothing more.
    const link = /https?:\/\/\S+\/device\?user_code=(\S+)/
    await until('a link', () => link.test(child.stderr()), 20_000)
    const [url = '', code = ''] = link.exec(child.stderr()) ?? []
    const browser = createBrowser()
    const press = async (page: Shown, values: Record<string, string>): Promise<Shown> => {
      const form = formsOf(page)[0]
      assert.ok(form, textOf(page.html))
      const kept = prefilled(form).filter(([name]) => !(name in values))
      return (await browser.submit(page, form, [...kept, ...Object.entries(values)])) as Shown
    }
    const page = (await browser.open(url)) as Shown
    assert.ok(page.html.includes(`value="${code}"`))
    const confirm = await press(page, { user_code: code })
    const login = await press(confirm, { confirm: 'yes' })
    const consent = await press(login, { name: ANA.name, password: ANA.password })
    // A second to read it in.
    await new Promise((resolve) => setTimeout(resolve, 1050))
    const done = await press(consent, { decision: 'allow' })
    assert.ok(textOf(done.html).includes('The device is connected'), textOf(done.html))
    const [exit] = await once(child.process, 'close', { signal: AbortSignal.timeout(30_000) })
    assert.equal(exit, 0, child.stderr())
    assert.ok(child.stderr().includes('"name": "echo"'), child.stderr())
  } finally {
    await stop(child.process)
    await home.remove()
  }
})
