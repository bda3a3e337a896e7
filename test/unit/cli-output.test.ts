/** What the command line prints and how it reads what people type: pure parts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSeconds, parseSince } from '../../src/cli/durations.ts'
import { CliError, toCliError } from '../../src/cli/errors.ts'
import { createOutput, table } from '../../src/cli/output.ts'
import { ConfigError } from '../../src/core/index.ts'

function capture(json: boolean, isTTY = false) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({ isTTY, write: (text: string) => (written[name] += text) })
  return { written, output: createOutput(json, { stdout: stream('stdout'), stderr: stream('stderr') }) }
}

test('with --json stdout has one object and no line for people', () => {
  const { written, output } = capture(true)
  output.line('for people')
  output.object({ id: 'abc' })
  output.note('on the side')
  assert.equal(written.stdout, '{"id":"abc"}\n')
  assert.equal(written.stderr, 'on the side\n')
})

test('without --json stdout has lines and no object', () => {
  const { written, output } = capture(false)
  output.line('for people')
  output.object({ id: 'abc' })
  assert.equal(written.stdout, 'for people\n')
})

test('names from outside cannot drive the terminal, forge a line or turn text around', () => {
  const { written, output } = capture(false)
  output.line('a\u001b[2Jb\u001b]0;title\u0007c\rd\u009be\u202ef\u0000g')
  assert.equal(written.stdout, 'a[2Jb]0;titlecdefg\n')
})

test('colour only on a terminal', () => {
  assert.equal(capture(false).output.paint('red', 'x'), 'x')
  if (!process.env['NO_COLOR']) assert.equal(capture(false, true).output.paint('red', 'x'), '\u001b[31mx\u001b[39m')
})

test('a table is as wide as its widest cells, colours not counted', () => {
  assert.deepEqual(
    table([
      ['a', '\u001b[31mred\u001b[39m', 'x'],
      ['long', 'b', ''],
    ]),
    ['a     \u001b[31mred\u001b[39m  x', 'long  b'],
  )
})

test('the last cell is shortened to the terminal, where enough of it is left to be read', () => {
  const rows = [
    ['\u001b[1mname\u001b[22m', 'A very long description of it 🎲🎲'],
    ['other', 'short'],
  ]
  assert.deepEqual(table(rows, 30), ['\u001b[1mname\u001b[22m   A very long descriptio…', 'other  short'])
  for (const columns of [20, 80, undefined]) assert.deepEqual(table(rows, columns), table(rows))
})

test('spans of time', () => {
  assert.equal(parseSeconds('--expires', '90d'), 7_776_000)
  assert.equal(parseSeconds('--since', '15m'), 900)
  for (const wrong of ['', '0d', '90', 'd', '-1d', '1.5h', '1y', '4000d', '1d1h', '９d'])
    assert.throws(
      () => parseSeconds('--expires', wrong),
      (error) => error instanceof CliError && error.code === 'E-USAGE' && !error.message.includes(wrong || '?'),
    )
})

test('since is a span back from now, or a date', () => {
  const now = Date.UTC(2026, 10, 23)
  assert.equal(parseSince('--since', '24h', now), now - 86_400_000)
  assert.equal(parseSince('--since', '2026-11-01', now), Date.UTC(2026, 10, 1))
  assert.throws(() => parseSince('--since', '2026-99-01', now), CliError)
})

test('a configuration error keeps every problem', () => {
  const { code, exitCode, message } = toCliError(new ConfigError(['a.b: is wrong', 'c: is missing']))
  assert.deepEqual([code, exitCode], ['E-CONFIG', 2])
  assert.match(message, /a\.b: is wrong\n {2}c: is missing/)
})

test('an unforeseen error tells nothing that it holds', () => {
  const { code, message, fix } = toCliError(new RangeError('token=hunter2'))
  assert.equal(code, 'E-INTERNAL')
  assert.doesNotMatch(message + fix, /hunter2/)
})

test('a file that may not be touched is a matter of its owner', () => {
  const { code, message } = toCliError(Object.assign(new Error('EACCES'), { code: 'EACCES', path: 'somewhere/master.key' }))
  assert.equal(code, 'E-DATA')
  assert.match(message, /somewhere\/master\.key/)
})
