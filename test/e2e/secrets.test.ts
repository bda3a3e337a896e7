/**
 * Secrets by name as people meet them: an operator at the command line beside a guard that runs, and somebody who follows the link in
 * what a tool said, sets their own on their account page, and takes it back.
 */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { connect } from '../support/authorization.ts'
import { createBrowser, formsOf, type Person, prefilled, type Shown, textOf } from '../support/browser.ts'
import { run, start, stop } from '../support/child.ts'
import { linkIn, openAs } from '../support/connect-account.ts'
import { said, startGateway } from '../support/gateway.ts'
import { SALLYPORT, startGuard } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, ROOT, type TempDir } from '../support/paths.ts'
import { granted, processesOf } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

verifies('named-secrets')

const VALUE = 'a-canary-of-the-team-0c41'
const SERVER = join(ROOT, 'test', 'fixtures', 'identity-server.ts')

let folder: TempDir
before(async () => {
  folder = await createTempDir('secrets')
})
after(() => folder.remove())

const starts = (where: string): { pid: number; token: string }[] => {
  const file = join(where, 'starts')
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
}
const shared = (where: string) => ({
  command: process.execPath,
  args: [SERVER, where],
  env: { TOKEN: '${secret:TEAM}' },
  sandbox: granted({ write: [where] }),
})
/** What a server writes is not beside what is ours. */
const placeIn = (path: string): string => {
  const place = join(path, 'identity')
  mkdirSync(place, { recursive: true })
  return place
}

describe('an operator', () => {
  const dataDir = (): string => join(folder.path, 'data')
  const sallyport = (args: readonly string[], input = '') =>
    run(process.execPath, [SALLYPORT, ...args], { cwd: folder.path, input, env: { SALLYPORT_DATA_DIR: dataDir(), NO_COLOR: '1' } })

  test('is told what is missing by guard and doctor, sets it from stdin, and nothing shows it again', async () => {
    writeFileSync(join(folder.path, 'sallyport.yaml'), JSON.stringify({ listen: 0, servers: { files: shared(placeIn(folder.path)) } }))
    const guard = await sallyport(['guard'])
    assert.equal(guard.code, 6, guard.stderr)
    assert.match(guard.stderr, /files: it waits for the secret TEAM, which is not set: sallyport secret set TEAM/)
    const doctor = JSON.parse((await sallyport(['doctor', '--json'])).stdout)
    assert.deepEqual(
      doctor.findings.filter(({ name }: { name: string }) => name === 'secret TEAM'),
      [{ status: 'problem', name: 'secret TEAM', found: 'files is handed it, and it is not set', fix: 'sallyport secret set TEAM' }],
    )
    const missing = JSON.parse((await sallyport(['secret', 'list', '--json'])).stdout)
    assert.deepEqual(missing, { secrets: [], missing: ['TEAM'] })

    const set = await sallyport(['secret', 'set', 'TEAM'], `${VALUE}\n`)
    assert.deepEqual([set.code, set.stderr], [0, ''])
    assert.match(set.stdout, /TEAM is set for everybody/)
    const slip = await sallyport(['secret', 'set', 'TAEM'], `${VALUE}\n`)
    assert.match(slip.stderr, /no server in the configuration that is found from here asks for \$\{secret:TAEM\}/)
    await sallyport(['secret', 'remove', 'TAEM'])
    const well = await sallyport(['doctor', '--json'])
    assert.ok(
      JSON.parse(well.stdout).findings.some(
        ({ name, status }: { name: string; status: string }) => name === 'secret TEAM' && status === 'ok',
      ),
    )
    const listed = await sallyport(['secret', 'list'])
    assert.match(listed.stdout, /^TEAM {2}for everybody {2}set \d{4}-\d\d-\d\d by \S+ +(?:never used|used \d{4})/)
    const audit = await sallyport(['audit', 'search', '--json'])
    assert.match(audit.stdout, /secret\.set/)
    assert.match(audit.stdout, /secret\.remove/)
    for (const { stdout, stderr } of [set, slip, well, listed, audit]) assert.ok(!`${stdout}${stderr}`.includes('canary'))
  })

  test('what is wrong is said with what to do, and no value is repeated', async () => {
    for (const [args, input, code, message] of [
      [['secret', 'set', 'TEAM'], 'canary\n', 2, /at least 8 characters/],
      [['secret', 'set', 'a b'], `${VALUE}\n`, 2, /the name of a secret is [\s\S]*fix: use the name that stands in the configuration/],
      [['secret', 'set', 'TEAM', '--user', 'nobody'], `${VALUE}\n`, 1, /there is no account nobody/],
      [['secret', 'set', 'TEAM', VALUE], '', 2, /too many arguments for 'set'\. Expected 1 argument but got 2\.\nfix: .*stdin/],
      [['secret', 'list', '--user', 'nobody'], '', 0, /nobody has none\. Set one with `sallyport secret set NAME --user nobody`/],
      [['secret', 'remove', 'NONE'], '', 1, /there is no secret NONE for everybody/],
    ] as const) {
      const { code: given, stdout, stderr } = await sallyport(args, input)
      assert.equal(given, code, stderr)
      assert.match(stderr, message)
      assert.ok(!`${stdout}${stderr}`.includes('canary'), stderr)
    }
  })

  test('changes it while a guard runs: calls go on, with the new one from then on', async () => {
    const where = placeIn(folder.path)
    const before = starts(where).length
    await using guard = await startGuard({
      config: { listen: 0, servers: { files: shared(where) } },
      dataDir: dataDir(),
    })
    const client = mcp(guard.url, { key: await guard.key() })
    assert.match(said(await client.call('whoami')), /^0c41 /)
    const set = run(process.execPath, [SALLYPORT, 'secret', 'set', 'TEAM', '--data-dir', dataDir()], { input: 'another-of-the-team-9b20' })
    const answers = new Set<string>()
    await until(
      'the new one',
      async () => {
        const answer = await client.call('slowly')
        assert.notEqual(answer.result?.isError, true, said(answer))
        answers.add(said(answer).split(' ')[0] ?? '')
        return answers.has('9b20')
      },
      15_000,
    )
    assert.equal((await set).code, 0)
    assert.deepEqual([...answers], ['0c41', '9b20'])
    assert.equal(starts(where).length, before + 2)
    assert.ok(!guard.log().includes('of-the-team'))
  })

  test('is asked for it on a terminal, where nothing of it is shown', { skip: process.platform !== 'linux' }, async () => {
    const args = ['-qec', `'${process.execPath}' '${SALLYPORT}' secret set TYPED --data-dir '${dataDir()}'`, '/dev/null']
    const child = start('script', args, { stdio: 'pipe', cwd: folder.path })
    try {
      await until('the question', () => child.stdout().includes('The value of TYPED'), 10_000)
      child.process.stdin?.write(`${VALUE}\r`)
      await until('the answer', () => child.stdout().includes('TYPED is set'), 10_000)
      assert.ok(!child.stdout().includes('canary'))
    } finally {
      await stop(child.process)
    }
  })
})

describe('a person', () => {
  const ANA: Person = { name: 'ana', password: 'a quiet harbour at dawn' }

  test('follows the link in what a tool said, sets their own on the page, and takes it back there', async () => {
    verifies('own-secrets')
    let where = ''
    await using gateway = await startGateway({
      servers(path) {
        where = placeIn(path)
        const sandbox = granted({ write: [where] })
        return { tracker: { command: process.execPath, args: [SERVER, where], env: { TOKEN: '${user-secret:TRACKER}' }, sandbox } }
      },
    })
    await createAccounts({ store: gateway.data.store, clock: Date.now }).create(ANA)
    const token = (await connect(gateway, { person: ANA })).tokens.access_token
    const client = mcp(gateway.url, { token })
    const link = linkIn(said(await client.call('tracker__connect')))
    assert.equal(link, `${gateway.issuer}/account/connections/secret.TRACKER`)
    assert.deepEqual(starts(where), [])

    const browser = createBrowser()
    const page = await openAs(browser, link, ANA)
    assert.match(textOf(page.html), /TRACKER/)
    const kept = await fill(page, '/secret', [['value', ' canary-token-of-ana ']])
    assert.match(textOf(kept.html), /It is kept, sealed/)
    assert.ok(!kept.html.includes('canary'))
    await until('its tools', async () => (await client.list()).some(({ name }) => name === 'whoami'), 10_000)
    assert.match(said(await client.call('whoami')), /^ana /)

    const ended = await fill(await openAs(browser, link, ANA), '/end', [])
    assert.ok(!ended.html.includes('canary'))
    assert.equal(linkIn(said(await client.call('whoami'))), link)
    await until('its process to go', () => processesOf(where).length === 0)
    const record = JSON.stringify(await gateway.records())
    assert.match(record, /"action":"secret\.set"/)
    assert.match(record, /"action":"connection\.end"/)
    assert.ok(!record.includes('canary') && !gateway.log().includes('canary'))

    async function fill(at: Shown, action: string, typed: [string, string][]): Promise<Shown> {
      const form = formsOf(at).find((each) => each.action.endsWith(action))
      assert.ok(form, `${action} at ${at.url}: ${textOf(at.html)}`)
      const names = new Set(typed.map(([name]) => name))
      const shown = await browser.submit(at, form, [...prefilled(form).filter(([name]) => !names.has(name)), ...typed])
      assert.ok(!('stoppedAt' in shown))
      return shown
    }
  })
})
