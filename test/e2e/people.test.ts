/** People as an operator has them in hand: invited, given roles, locked out and let in again, on the command line beside a running guard. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { connect } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, textOf } from '../support/browser.ts'
import { createTempDir, type Guard, type Json, mcp, ROOT, startGuard, type TempDir } from '../support/index.ts'
import { grantedFlags } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

verifies('ended-account', 'one-time-link')

const FILESYSTEM = join(ROOT, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js')
const PASSWORD = 'a quiet harbour at dawn'
const OTHER = 'thirteen grey herons'
let temp: TempDir
let guard: Guard
before(async () => {
  temp = await createTempDir('people')
  guard = await startGuard({ args: [...grantedFlags({ read: [temp.path] }), '--', process.execPath, FILESYSTEM, temp.path] })
})
after(async () => {
  await guard.stop()
  await temp.remove()
})

async function user(...args: string[]): Promise<Json> {
  const { code, stdout, stderr } = await guard.cli('user', ...args, '--json')
  assert.equal(code, 0, stdout + stderr)
  return JSON.parse(stdout)
}
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout } = await guard.cli('user', ...args, '--json')
  assert.notEqual(code, 0, stdout)
  return JSON.parse(stdout).error.code
}
/** Chooses a password behind a link; answers the status, and what the page then says. */
async function choose(link: string, password: string): Promise<[number, string]> {
  const browser = createBrowser()
  const page = (await browser.open(link)) as Shown
  const form = formsOf(page)[0]
  if (form === undefined) return [page.status, textOf(page.html)]
  const shown = (await browser.submit(page, form, [...prefilled(form), ['password', password], ['again', password]])) as Shown
  return [shown.status, textOf(shown.html)]
}
const signIn = async (name: string, password: string): Promise<string> =>
  (await connect({ issuer: guard.issuer, resource: guard.url }, { person: { name, password } })).tokens.access_token
const statusOf = async (token: string): Promise<number> => (await mcp(guard.url, { token }).request('tools/list')).status
const withinASecond = (token: string, status: number): Promise<void> =>
  until(`a token to be answered with ${status}`, async () => (await statusOf(token)) === status, 1_000)

test('somebody is invited, chooses a password, signs in, and is seen in the lists', async () => {
  const invited = await user('invite', 'Ben', '--role', 'ops', '--group', 'team-a', '--url', guard.issuer)
  assert.deepEqual([invited.name, invited.roles, invited.groups], ['ben', ['ops'], ['team-a']])
  assert.ok(invited.url.startsWith(`${guard.issuer}/welcome?code=`))
  assert.deepEqual(
    (await user('list')).invitations.map(({ name }: Json) => name),
    ['ben'],
  )
  const [status] = await choose(invited.url, PASSWORD)
  assert.ok(status === 200 || status === 201, String(status))
  assert.equal((await choose(invited.url, OTHER))[0], 410)
  assert.equal(await statusOf(await signIn('ben', PASSWORD)), 200)

  const list = await user('list')
  assert.deepEqual([list.users.map(({ name }: Json) => name), list.invitations], [['ben'], []])
  const shown = await user('show', 'ben')
  assert.deepEqual([shown.roles, shown.hasPassword, shown.grants, shown.sessions], [['ops'], true, 1, 1])
  assert.equal(await refusal('invite', 'ben', '--url', guard.issuer), 'E-EXISTS')
  assert.equal(await refusal('show', 'nobody'), 'E-NOT-FOUND')
})

test('a new password by a link ends sessions, and the old one', async () => {
  await guard.user('carla', PASSWORD)
  await signIn('carla', PASSWORD)
  assert.equal((await user('sessions', 'carla')).sessions.length, 1)
  const { url } = await user('reset', 'carla', '--url', guard.issuer)
  assert.match((await choose(url, 'short'))[1], /at least 12/)
  await choose(url, OTHER)
  assert.deepEqual((await user('sessions', 'carla')).sessions, [])
  await assert.rejects(signIn('carla', PASSWORD))
  assert.ok(await signIn('carla', OTHER))
  assert.equal((await user('end-sessions', 'carla')).ended.length, 1)
  assert.deepEqual((await user('sessions', 'carla')).sessions, [])
  assert.equal(await refusal('end-sessions', 'carla', 'bs_nothing'), 'E-NOT-FOUND')
})

test('a running guard refuses the tokens of an account that is switched off or removed within a second', async () => {
  await guard.user('dora', PASSWORD)
  const token = await signIn('dora', PASSWORD)
  assert.equal(await statusOf(token), 200)
  await user('disable', 'dora')
  await withinASecond(token, 401)
  await assert.rejects(signIn('dora', PASSWORD))
  await user('enable', 'dora')
  await withinASecond(token, 200)
  await user('remove', 'dora')
  await withinASecond(token, 401)
  const { stdout } = await guard.cli('grant', 'list', '--account', 'dora', '--json')
  assert.deepEqual(JSON.parse(stdout), { grants: [] })

  await guard.user('dora', PASSWORD)
  assert.equal(await statusOf(token), 401, 'another person of the name')
  assert.equal(await refusal('remove', 'nobody'), 'E-NOT-FOUND')
})

test('roles are added and taken, one by one, and all that an operator does is on record', async () => {
  await guard.user('emil', PASSWORD, ['staff'])
  assert.deepEqual((await user('roles', 'emil', '--add', 'ops', 'guest', '--add-group', 'team-b')).roles, ['staff', 'ops', 'guest'])
  const changed = await user('roles', 'emil', '--take', 'guest', 'staff')
  assert.deepEqual([changed.roles, changed.groups], [['ops'], ['team-b']])
  assert.deepEqual((await user('roles', 'emil')).roles, ['ops'], 'looking changes nothing')
  assert.equal(await refusal('roles', 'emil', '--add', '<b>'), 'E-USAGE')
  await user('invite', 'felix', '--url', guard.issuer)
  assert.equal((await user('remove', 'felix')).removed, 'invitation')

  const { stdout } = await guard.cli('audit', 'search', '--limit', '1000', '--json')
  const { records } = JSON.parse(stdout)
  const done = records.filter(({ action }: Json) => action.startsWith('user.') && action !== 'user.add')
  assert.deepEqual(done.map(({ action, target }: Json) => `${action} ${target}`).reverse(), [
    'user.invite ben',
    'user.reset carla',
    'user.end-sessions carla',
    'user.disable dora',
    'user.enable dora',
    'user.remove dora',
    'user.roles emil',
    'user.roles emil',
    'user.invite felix',
    'user.remove felix',
  ])
  assert.doesNotMatch(stdout, /code=|[0-9a-z]{8}-[0-9a-z]{8}-/, 'and no code of a link')
})

test('whoever set the server up is removed on purpose alone', async () => {
  // As on the page behind the first link, which has tests of its own.
  const data = await openData({ dataDir: guard.dataDir })
  await createAccounts({ store: data.store, clock: Date.now }).create({ name: 'olga', password: PASSWORD, owner: true })
  await data.store.close()
  assert.equal(await refusal('remove', 'olga'), 'E-USAGE')
  assert.equal((await user('show', 'olga')).owner, true)
  assert.equal((await user('remove', 'olga', '--owner')).removed, 'account')
})

test('a link leads to https or to this machine', async () => {
  for (const url of ['http://mcp.example.com', 'ftp://localhost', 'https://a:b@mcp.example.com'])
    assert.equal(await refusal('invite', 'gina', '--url', url), 'E-USAGE', url)
  const invited = await user('invite', 'gina', '--url', 'https://mcp.example.com/base/')
  assert.match(invited.url, /^https:\/\/mcp\.example\.com\/base\/welcome\?code=/)
  const text = await guard.cli('user', 'list')
  assert.match(text.stdout, /^gina .* invited$/m)
  assert.match(text.stdout, /^ben .*ops.* may sign in$/m)
  const shown = await guard.cli('user', 'show', 'Gina')
  assert.match(shown.stderr, /gina is invited, and has no account yet\nfix: .*sallyport user invite gina/)
  const untold = await guard.cli('user', 'invite', 'gina')
  assert.match(untold.stderr, /It leads to http:\/\/localhost:\d+\. .*--url/)
})
