/**
 * A server writes what it likes into every field, and a person's terminal shows it: nothing of it clears the screen, sets a title, makes
 * a link, overwrites a line, turns or hides text, on stdout or stderr, in lists, results, errors, progress, or questions.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ATTACK } from '../fixtures/terminal-attacker.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, ROOT, run, SALLYPORT } from '../support/index.ts'
import { startTerminal, type Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

verifies('terminal-text', 'terminal-consent')

const SERVER = join(ROOT, 'test', 'fixtures', 'terminal-attacker.ts')
/** What may be on a terminal that is not text: our colours, what readline draws a question with, and the ends of lines. */
// oxlint-disable-next-line no-control-regex
const ours = /\u001b\[(?:3[1236]|39|22|[12])m|\u001b\[\d*G|\u001b\[0J|\r*\n/g
// oxlint-disable-next-line no-control-regex
const drives = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/u

function assertHarmless(bytes: string, what: string): void {
  const rest = bytes.replace(ours, '\n')
  const found = drives.exec(rest)
  assert.equal(found, null, `${what}: ${JSON.stringify(rest.slice((found?.index ?? 0) - 40, (found?.index ?? 0) + 40))}`)
  // Whatever the sequence was, its beginning is at most text now.
  assert.ok(!bytes.includes('\u001b]'), `${what}: an operating system command`)
}

test('the attack would be seen', () => {
  assert.throws(() => assertHarmless(ATTACK, 'raw'))
  for (const one of ['\u001b[2J', '\u001b]0;x\u0007', 'a\rb', '\u009b1m', '\u202e', '\u200b', '\ufeff', '\u{e0041}'])
    assert.throws(() => assertHarmless(one, one))
})

const commands: readonly (readonly [words: readonly string[], code: number])[] = [
  [['tools'], 0],
  [['tools', 'show'], 0],
  [['tools', 'change'], 0],
  [['tools', `evil${ATTACK}`.replaceAll('\0', '')], 0],
  [['tools', `none${ATTACK}`], 1],
  [['call', 'show', '--yes'], 0],
  [['call', 'show', '--yes', '--json'], 0],
  [['call', 'fail', '--yes'], 5],
  [['call', 'error', '--yes'], 1],
  [['call', 'ask', '--yes'], 0],
  [['call', 'change', '--yes'], 0],
  [['read'], 0],
  [['read', 'x:one'], 0],
  [['prompt'], 0],
  [['prompt', 'p'], 0],
]

for (const [words, code] of commands)
  test(`at a terminal: ${words.join(' ').slice(0, 16)}`, async () => {
    await using folder = await createTempDir('attacked')
    const flags = ['--data-dir', join(folder.path, 'data')]
    await using terminal = startTerminal([...words, ...flags, '--', process.execPath, SERVER, join(folder.path, 'heard')])
    if (words[1] === 'ask') {
      await terminal.shows(/day \(.*: /)
      terminal.type('\u0004')
    }
    assert.equal(await terminal.ended(), code, terminal.raw())
    assertHarmless(terminal.raw(), words.join(' '))
    assert.match(terminal.raw(), /A|none/)
  })

test('into pipes too, but for what is read as it is', async () => {
  await using folder = await createTempDir('attacked')
  for (const [words, code] of commands.filter(([words]) =>
    ['tools', 'call show --yes', 'call error --yes', 'read x:one', 'prompt p'].includes(words.join(' ')),
  )) {
    const { stdout, stderr, ...ended } = await run(process.execPath, [
      SALLYPORT,
      ...words,
      '--data-dir',
      join(folder.path, 'data'),
      '--',
      process.execPath,
      SERVER,
      join(folder.path, 'heard'),
    ])
    assert.equal(ended.code, code, `${words.join(' ')}: ${stdout}${stderr}`)
    assertHarmless(stderr, words.join(' '))
    if (words.join(' ') === 'read x:one') assert.equal(stdout, `${ATTACK}\n[y/N] ${ATTACK}`)
    else assertHarmless(stdout, words.join(' '))
  }
})

async function asks(folder: string): Promise<Terminal> {
  const terminal = startTerminal([
    'call',
    'ask',
    '--yes',
    '--data-dir',
    join(folder, 'data'),
    '--',
    process.execPath,
    SERVER,
    join(folder, 'heard'),
  ])
  await terminal.shows(/asks you for something:/)
  return terminal
}

test('a question of the server cannot pass for one of ours, and what is typed goes nowhere before it was agreed to', async () => {
  await using folder = await createTempDir('attacked')
  const heard = (): string => readFileSync(join(folder.path, 'heard'), 'utf8')
  {
    await using terminal = await asks(folder.path)
    await terminal.shows(/day \(a number from the list\): /)
    terminal.type('2\r')
    await terminal.shows(/\(a whole number\): /)
    terminal.type('many\r')
    await terminal.shows(/it must be a whole number/)
    terminal.type('7\r')
    await terminal.shows(/Send this to .*\? \[y\/N\] /)
    assert.ok(!heard().includes('"content"'))
    terminal.type('y\r')
    assert.equal(await terminal.ended(), 0)
    assert.match(heard(), /"action":"accept","content":\{"day":"other"/)
    for (const line of terminal.raw().split(/\r?\n/))
      if (/\[y\/N\]/.test(line) && !/^(?:\u001b\[1G\u001b\[0J)?Send this/.test(line)) assert.match(line, /^! | │ /, line)
    assertHarmless(terminal.raw(), 'a form')
  }
  await using terminal = await asks(folder.path)
  await terminal.shows(/day .*: /)
  terminal.type('\u0003')
  assert.equal(await terminal.ended(), 130)
})

test('^C cancels the call at the server', async () => {
  await using folder = await createTempDir('attacked')
  const heard = join(folder.path, 'heard')
  await using terminal = startTerminal([
    'call',
    'wait',
    '--yes',
    '--data-dir',
    join(folder.path, 'data'),
    '--',
    process.execPath,
    SERVER,
    heard,
  ])
  await until('the call is there', () => /"wait"/.test(readSafely(heard)), 20_000)
  terminal.type('\u0003')
  assert.equal(await terminal.ended(), 130)
  await until('it was cancelled', () => readSafely(heard).includes('notifications/cancelled'))
})

function readSafely(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
