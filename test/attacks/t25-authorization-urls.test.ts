// T25, C14, CVE-2025-6514: an authorization server names the address that a person's browser is sent to. A hostile one names a program, a
// file, or a line for a shell. What is not http or https is refused; what is, reaches the opener as one argument, with no shell between.
// In place of the system's opener stands a program that writes down what it was started with, and by whom.

import assert from 'node:assert/strict'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { browserOf, openBrowser } from '../../src/client/sign-in/open-browser.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, startServer } from '../support/client.ts'
import { createTempDir, type TempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('C14')

const { PATH = '' } = process.env
let spies: TempDir
/** Where a command that a shell took out of an address would leave something. */
const marker = (): string => join(spies.path, 'was-here')

before(async () => {
  spies = await createTempDir('spies')
  const spy = `#!/bin/sh\nhere=$(dirname "$0")\n{ echo "$PPID"; printf '%s\\0' "$@"; } > "$here/.new.$$"\nmv "$here/.new.$$" "$here/opened.$$"\n`
  await writeFile(join(spies.path, 'xdg-open'), spy)
  await chmod(join(spies.path, 'xdg-open'), 0o755)
  process.env['PATH'] = `${spies.path}${delimiter}${PATH}`
})
after(async () => {
  process.env['PATH'] = PATH
  const left = await readdir(spies.path)
  await spies.remove()
  assert.ok(!left.includes('was-here'), 'nothing ran')
})

interface Opened {
  readonly parent: number
  readonly argv: readonly string[]
}
async function opened(): Promise<Opened[]> {
  const files = (await readdir(spies.path)).filter((name) => name.startsWith('opened.'))
  return Promise.all(
    files.map(async (name) => {
      const text = await readFile(join(spies.path, name), 'utf8')
      const end = text.indexOf('\n')
      return {
        parent: Number(text.slice(0, end)),
        argv: text
          .slice(end + 1)
          .split('\0')
          .slice(0, -1),
      }
    }),
  )
}

const refused = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  '\u0001javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'file:///etc/passwd',
  'file://evil.example/share/calc.exe',
  'vbscript:msgbox(1)',
  'ms-msdt:/id PCWDiagnostic',
  'search-ms:query=x&crumb=location:\\\\evil.example',
  'smb://evil.example/share',
  'ssh://-oProxyCommand=calc/x',
  'blob:https://evil.example/x',
  'view-source:https://evil.example/',
  '\\\\evil.example\\share\\calc.exe',
  '/usr/bin/calc',
  '-a',
  'calc.exe',
  '$(calc)',
  'https://',
  '',
]
const commands = [
  (mark: string) => `$(touch$\{IFS}${mark})`,
  (mark: string) => `\`touch ${mark}\``,
  (mark: string) => `;touch ${mark};`,
  (mark: string) => `&touch ${mark}&`,
  (mark: string) => `|touch ${mark}`,
  (mark: string) => `"; touch ${mark}; "`,
  (mark: string) => `'; touch ${mark}; '`,
  (mark: string) => `\ntouch ${mark}\n`,
  (mark: string) => `\\"&calc.exe&\\"${mark}`,
  (mark: string) => `^&calc&%COMSPEC%${mark}`,
  (mark: string) => `x --new-window -profile ${mark}`,
  (mark: string) => `{a,b} <${mark} >${mark} 2>&1 ~ * ? [x] !! #${mark}`,
]

describe('an address that is neither http nor https', () => {
  for (const url of refused)
    it(`is not opened: ${JSON.stringify(url)}`, async () => {
      await using world = await startWorld({ serverMetadata: (document) => ({ ...document, authorization_endpoint: url }) })
      await using client = createClient(world)
      const problem = await problemOf(client.signIn())
      assert.match(problem, /^AuthorizationError (?:insecure_url|metadata_invalid)$/)
      // Whatever anybody checked before: the opener looks for itself.
      await assert.rejects(async () => openBrowser(url), { code: 'insecure_url' })
      assert.deepEqual(await opened(), [])
      assert.equal(world.to('/authorize').length, 0)
    })

  it('nor one that is plain http on another machine, with a name in it, or shown on another device', async () => {
    for (const url of ['http://evil.example/authorize', 'http:\\\\evil.example\\authorize', 'https://user:pass@evil.example/']) {
      await using world = await startWorld({ serverMetadata: (document) => ({ ...document, authorization_endpoint: url }) })
      await using client = createClient(world)
      assert.match(await problemOf(client.signIn()), /^AuthorizationError (?:insecure_url|metadata_invalid)$/, url)
    }
    assert.deepEqual(await opened(), [])
  })
})

describe('an address that a person is shown for another device', () => {
  for (const [member, url] of [...refused, 'http://evil.example/device'].flatMap((each) => [
    ['verification_uri', each] as const,
    ['verification_uri_complete', each] as const,
  ]))
    it(`is not shown: ${member} ${JSON.stringify(url)}`, async () => {
      await using device = await startServer((request, response) => {
        request.resume()
        const document = {
          device_code: 'the-device-code',
          user_code: 'ABCD',
          expires_in: 60,
          verification_uri: 'https://as.example/device',
        }
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...document, [member]: url }))
      })
      await using world = await startWorld({
        serverMetadata: (document) => ({ ...document, device_authorization_endpoint: device.serverUrl }),
      })
      await using client = createClient(world, { auth: { type: 'oauth2', clientId: 'pre' } })
      const shown: unknown[] = []
      const problem = await problemOf(client.signIn({ device: true, onDeviceCode: (code) => shown.push(code) }))
      assert.match(problem, /^AuthorizationError (?:insecure_url|metadata_invalid)$/)
      assert.deepEqual(shown, [])
    })
})

describe('an address with a command in it', () => {
  for (const [at, command] of commands.entries())
    it(`is one argument, and no shell reads it (${at + 1})`, { skip: process.platform !== 'linux' }, async () => {
      const before = (await opened()).length
      await using world = await startWorld({
        serverMetadata: (document, { issuer }) => ({
          ...document,
          authorization_endpoint: `${issuer}/authorize?a=${command(marker()).replaceAll('#', '%23')}`,
        }),
      })
      await using client = createClient(world)
      const signedIn = client.signIn()
      await until('the browser', async () => (await opened()).length > before)
      const all = await opened()
      const latest = all.find(({ argv }) => argv[0]?.startsWith(world.issuer))
      assert.ok(latest)
      assert.equal(latest.argv.length, 1, JSON.stringify(latest.argv))
      assert.equal(latest.parent, process.pid, 'started by us, and by no shell of ours')
      const [url = ''] = latest.argv
      assert.equal(url, new URL(url).href, 'as a parser of ours wrote it')
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(url, /[\u0000-\u0020"<>`\u007f-\uffff]/)
      // And what is opened is a sign-in like any other.
      await fetch(await world.visit(url))
      await signedIn
      assert.equal((await client.listTools()).length, 1)
    })
})

describe('the opener', () => {
  it('that fails, or is not there, is said so, and the sign-in ends', { skip: process.platform !== 'linux' }, async () => {
    await using other = await createTempDir('no-browser')
    await writeFile(join(other.path, 'xdg-open'), '#!/bin/sh\nexit 3\n')
    await chmod(join(other.path, 'xdg-open'), 0o755)
    const before = process.env['PATH']
    try {
      for (const path of [other.path, join(other.path, 'nothing-here')]) {
        process.env['PATH'] = path
        await using world = await startWorld()
        await using client = createClient(world)
        assert.equal(await problemOf(client.signIn()), 'AuthorizationError browser_unavailable')
      }
    } finally {
      process.env['PATH'] = before
    }
  })

  it('is on no system a shell, nor anything that reads a line as one', () => {
    for (const platform of ['darwin', 'win32', 'linux', 'freebsd'] as const)
      assert.doesNotMatch(browserOf(platform).join(' '), /\b(?:cmd|sh|bash|powershell|pwsh|start|explorer)\b(?!32)/i, platform)
  })
})
