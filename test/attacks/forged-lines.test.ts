// T11: what clients and upstreams put into a record cannot forge a line of the record, drive the terminal that shows it, or hide.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLiveLines } from '../../src/cli/live-lines.ts'
import { createOutput } from '../../src/cli/output.ts'
import { shown, shownShort } from '../../src/cli/shown.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { connect, postForm, startAuthorizationServer } from '../support/authorization.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { createTempDir } from '../support/paths.ts'

verifies('T11')

const FORGED = '22:22:22  allow  owner  notes.wipe  0 ms  dec_00000000000000000'
/** A line of its own, colours, concealment, a title, C1, turned, hidden and tagged text, half a pair, other line ends and spaces. */
const attacks: readonly string[] = [
  `x\n${FORGED}`,
  `x\r${FORGED}`,
  `x\u2028${FORGED}`,
  `x\u2029${FORGED}`,
  `x\u0085${FORGED}`,
  '\u001b[8mhidden',
  '\u001b[32mallow\u001b[39m',
  '\u001b[1A\u001b[2K',
  '\u001b]0;title\u0007',
  '\u009b2J',
  '\u202eevil\u2066x',
  'a\u200bd\u00addm\u2060i\ufeffn',
  'x\u{e0041}\u3164\u115f\u2800',
  '\ud800',
  'x  allow   y',
  'x\u00a0\u00a0allow\u3000y',
  `${'w'.repeat(900)}${FORGED}`,
]
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\u00a0\u3000]/u

const hostile = (value: string, at: number): AuditRecord => ({
  id: `dec_${at}`,
  at: Date.UTC(2026, 10, 23, 12),
  decision: 'deny',
  reason: value,
  action: value,
  target: value,
  server: value,
  subject: value,
  issuer: value,
  clientId: value,
  clientName: value,
  credential: value,
  credentialId: value,
  transport: 'http',
  address: value,
  version: value,
  rule: value,
  sentence: value,
  facts: { value, neededScopes: [value], grantedScopes: [] },
  durationMs: 1,
  hostToolUseId: value,
  cause: value,
})

test('a value from outside is text on one line, and a plain one is left as it is', () => {
  for (const attack of attacks) {
    assert.doesNotMatch(shown(attack), unsafe)
    assert.doesNotMatch(shown(attack), / {2}/)
  }
  assert.equal(shown('a\n\u001b[8mb'), 'a\\n\\u001b[8mb')
  assert.equal(shown('\u{e0041}'), '\\u{e0041}')
  for (const honest of ['notes.read_file', 'Claude Code (cl_1)', 'Zoë, 日本語, 🙂', 'C:\\temp', '']) assert.equal(shown(honest), honest)
  assert.ok(shownShort('x'.repeat(2_000)).length <= 128)
})

test('audit search, why and their JSON show hostile records one line each, and as they are', async () => {
  const folder = await createTempDir('forged')
  try {
    const dataDir = join(folder.path, 'data')
    const { store } = await openData({ dataDir })
    await store.audit.append(attacks.map(hostile))
    await store.close()
    const cli = async (...args: string[]) => (await run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir])).stdout

    const lines = (await cli('audit', 'search')).trimEnd().split('\n')
    assert.equal(lines.length, attacks.length)
    for (const [at, line] of lines.toReversed().entries()) {
      assert.doesNotMatch(line, unsafe)
      assert.match(line, new RegExp(`^[\\d -]*12:00:00Z  deny  .*  dec_${at}  `))
    }
    for (const at of [0, 5, 10]) {
      const told = (await cli('why', `dec_${at}`)).trimEnd().split('\n')
      for (const [index, line] of told.entries()) {
        assert.doesNotMatch(line, unsafe)
        assert.match(
          line,
          index === 0 ? /^DENY {2}/ : /^ {2}(decision|reason|matched|told|facts|credential|from|host id|took|cause|would allow) /,
        )
      }
    }
    const json = await cli('audit', 'search', '--json')
    // Spaces are only spaces in JSON.
    assert.ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u.test(json.trimEnd()))
    const { records } = JSON.parse(json) as { records: AuditRecord[] }
    assert.deepEqual(
      records.toReversed().map(({ clientId }) => clientId),
      attacks,
    )
  } finally {
    await folder.remove()
  }
})

test('live lines have the colours of the verdict only, whatever is in them', () => {
  let written = ''
  const terminal = { isTTY: true, write: (text: string) => (written += text) }
  const show = createLiveLines(createOutput(false, { stdout: terminal, stderr: terminal }), () => Date.UTC(2026, 10, 23, 12))
  for (const [at, attack] of attacks.entries()) show(hostile(attack, at))
  const lines = written.trimEnd().split('\n')
  assert.equal(lines.length, attacks.length)
  for (const [at, line] of lines.entries()) {
    const plain = line.replace('\u001b[31mdeny\u001b[39m', 'deny')
    assert.doesNotMatch(plain, unsafe)
    assert.match(plain, new RegExp(`^12:00:00  .*sallyport why dec_${at}$`))
  }
})

test('what nobody thought of as foreign passes no colour that is not ours, and no line break', () => {
  let written = ''
  const { line } = createOutput(false, { stdout: { write: (text: string) => (written += text) }, stderr: process.stderr })
  line(`\u001b[31mours\u001b[39m ${attacks.slice(0, 14).join(' ')}`)
  assert.equal(written.indexOf('\n'), written.length - 1)
  assert.doesNotMatch(written.replace(/\u001b\[(31|32|39)m/g, '').trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
})

test('the authorization server records what it was told on one line, without what is not seen', async () => {
  await using fixture = await startAuthorizationServer()
  for (const client_id of attacks.slice(0, 13))
    await postForm(`${fixture.issuer}/token`, { grant_type: 'authorization_code', client_id, code: 'x', redirect_uri: client_id })
  assert.equal(fixture.records.length, 13)
  await connect(fixture, { metadata: { client_name: `Claude\n${FORGED}\u001b[8m\u202e` } })
  for (const record of fixture.records) {
    assert.doesNotMatch(Object.values(record).join(' '), unsafe)
    for (const text of Object.values(record)) assert.doesNotMatch(String(text), / {2}/)
  }
})
