/** What a server says and asks, as a person at a terminal sees it, and what they answer. */

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { answerForm } from '../../src/cli/calling/answer-form.ts'
import type { Asker } from '../../src/cli/calling/asking.ts'
import { fieldsOf } from '../../src/cli/calling/form-fields.ts'
import { headersFromEnvironment, headersFromFile, secretFrom, variablesNamed } from '../../src/cli/calling/given-secrets.ts'
import { createProgressLines } from '../../src/cli/calling/progress-lines.ts'
import { quoted, quotedWhole } from '../../src/cli/calling/quoted.ts'
import { createSaving, shownBlocks } from '../../src/cli/calling/results.ts'
import { shownLine, shownText } from '../../src/cli/calling/shown-text.ts'
import { CliError } from '../../src/cli/errors.ts'
import { createTempDir } from '../support/index.ts'

// oxlint-disable-next-line no-control-regex
const drives = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/
const hostile = 'a\u001b[2Jb\u001b]8;;https://evil.example\u0007c\rd\u009b1me\u202ef\u0000g\u200bh\ue000i'

test('text of a server drives no terminal, and what is hidden in it is seen', () => {
  assert.doesNotMatch(shownText(hostile), drives)
  assert.match(
    shownText(hostile),
    /^a\\u001b\[2Jb\\u001b\]8;;https:\/\/evil\.example\\u0007c\\u000dd\\u009b1me\\u202ef\\u0000g\\u200bh\\ue000i$/,
  )
  assert.doesNotMatch(shownLine(hostile), drives)
  // What writing needs stays, and so do lines, tabs and indents.
  for (const plain of ['a\n  b\tc', 'می‌خواهم', '👩‍👩‍👧 fine', 'e\u0301'] as const) assert.equal(shownText(plain), plain)
  assert.equal(shownText('a\r\nb'), 'a\nb')
  assert.equal(shownText('  a\tb\u0007\n    c'), '  a\tb\\u0007\n    c')
  assert.equal(shownLine('one\n\n   two\t three'), 'one two three')
})

test('no line of a server can pass for one of ours, and none is out of sight without a word', () => {
  assert.equal(quoted('x\nSend this? [y/N]'), '  │ x\n  │ Send this? [y/N]')
  assert.match(quoted('x\n'.repeat(1000)), /… and 801 more lines$/)
  assert.equal(quotedWhole('x\n'.repeat(1000)).split('\n').length, 1001)
})

test('a result is text, or is described, or saved under a name of ours that replaces nothing', async () => {
  await using folder = await createTempDir('results')
  const png = Buffer.from('not really a picture').toString('base64')
  const blocks = [
    { type: 'text', text: 'hello\u001b[1m' },
    { type: 'image', mimeType: 'image/png', data: png },
    { type: 'resource', resource: { uri: 'file:///a/../../b', mimeType: 'x/y', blob: png } },
    { type: 'resource', resource: { uri: 'a:b', text: 'inside\u0007' } },
    { type: 'resource_link', uri: 'a:c\u001b', name: 'n' },
    { type: 'surprise\u001b' },
    { type: 'image' },
    {},
  ]
  const shown = shownBlocks(blocks)
  assert.equal(shown[0], 'hello\\u001b[1m')
  assert.match(shown[1] ?? '', /^\[image, image\/png, 20 bytes; --out FOLDER saves it\]$/)
  for (const text of shown) assert.doesNotMatch(text, drives)
  const out = join(folder.path, 'out')
  assert.match(shownBlocks(blocks, createSaving(out, '../../tool'))[1] ?? '', /tool-1\.png\]$/)
  assert.deepEqual(readdirSync(out).sort(), ['-tool-1.png', '-tool-2.bin'])
  assert.equal(readFileSync(join(out, '-tool-1.png'), 'utf8'), 'not really a picture')
  assert.throws(
    () => shownBlocks(blocks, createSaving(out, '../../tool')),
    (error) => error instanceof CliError && error.code === 'E-EXISTS',
  )
})

const form = {
  type: 'object',
  properties: {
    day: { type: 'string', format: 'date', title: 'Which day?' },
    name: { type: 'string', minLength: 2, maxLength: 4 },
    people: { type: 'integer', minimum: 1, maximum: 8, default: 2 },
    breakfast: { type: 'boolean' },
    room: { type: 'string', enum: ['s', 'd'], enumNames: ['Single', 'Double'] },
    view: { type: 'string', oneOf: [{ const: 'sea', title: 'The sea' }] },
    extras: {
      type: 'array',
      items: {
        anyOf: [
          { const: 'a', title: 'A' },
          { const: 'b', title: 'B' },
        ],
      },
      maxItems: 1,
    },
  },
  required: ['day', 'name'],
}

test('each field of a form has its rule in words, and takes only what keeps to it', () => {
  const fields = Object.fromEntries(fieldsOf(form).map((field) => [field.name, field]))
  assert.deepEqual(
    Object.values(fields).map(({ rule }) => rule),
    [
      'a date, YYYY-MM-DD; needed',
      'text from 2 to 4 characters; needed',
      'a whole number from 1 to 8',
      'yes or no',
      'a number from the list',
      'a number from the list',
      'numbers from the list, with commas',
    ],
  )
  for (const [name, typed, value] of [
    ['day', '2027-02-28', '2027-02-28'],
    ['people', '3', 3],
    ['breakfast', 'Y', true],
    ['breakfast', 'no', false],
    ['room', '2', 'd'],
    ['room', 's', 's'],
    ['view', '1', 'sea'],
    ['extras', '2', ['b']],
  ] as const)
    assert.deepEqual(fields[name]?.read(typed), { value }, `${name} ${typed}`)
  for (const [name, typed] of [
    ['day', '2027-02-30'],
    ['day', 'tomorrow'],
    ['name', 'x'],
    ['name', 'xxxxx'],
    ['people', '0'],
    ['people', '2.5'],
    ['people', ''],
    ['breakfast', 'maybe'],
    ['room', '3'],
    ['room', 'Single'],
    ['extras', '1,2'],
    ['extras', '1,9'],
  ] as const)
    assert.ok('problem' in (fields[name]?.read(typed) ?? {}), `${name} ${typed}`)
})

/** A person who types these lines, and says yes or no. */
function person(lines: (string | undefined)[], agrees = true) {
  const seen: string[] = []
  const asker: Asker = {
    ask: async (question) => (seen.push(question), lines.shift()),
    confirm: async (question) => (seen.push(question), agrees),
    show: (text) => void seen.push(text),
    isAsking: () => false,
  }
  return { asker, seen }
}

test('a form is sent once all of it was seen and agreed to', async () => {
  const { asker, seen } = person(['', 'tomorrow', '2027-01-01', 'Ana', '', 'yes', '', '', '1'])
  const answer = await answerForm({ message: 'Book\u001b[2J\nSend this to host? [y/N]', requestedSchema: form }, 'host', asker)
  assert.deepEqual(answer, { action: 'accept', content: { day: '2027-01-01', name: 'Ana', people: 2, breakfast: true, extras: ['a'] } })
  const text = seen.join('\n')
  assert.match(text, /^\nhost asks you for something:\n {2}│ Book\\u001b\[2J\n {2}│ Send this to host\? \[y\/N\]$/m)
  assert.match(text, /it is needed[^]*it matches no date|it is needed[^]*format/)
  assert.doesNotMatch(text, /looks like a secret/)
  assert.deepEqual(
    (await answerForm({ message: 'm', requestedSchema: form }, 'h', person(['2027-01-01', 'Ana'], false).asker)).action,
    'cancel',
  )
  const all = ['2027-01-01', 'Ana', '', '', '', '', '']
  assert.deepEqual(await answerForm({ message: 'm', requestedSchema: form }, 'h', person(all, false).asker), { action: 'decline' })
  assert.deepEqual(await answerForm({ message: 'm', requestedSchema: { type: 'object' } }, 'h', person([]).asker), {
    action: 'accept',
    content: {},
  })
})

test('what is sent where nothing is typed stands there as it would be typed', async () => {
  const requestedSchema = {
    type: 'object',
    properties: {
      room: {
        type: 'string',
        oneOf: [
          { const: 's', title: 'Single' },
          { const: 'd', title: 'Double' },
        ],
        default: 'd',
      },
      extras: { type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] }, default: ['c', 'a'] },
      breakfast: { type: 'boolean', default: true },
      people: { type: 'integer', default: 2 },
      odd: { type: 'string', enum: ['a'], default: 'none of these' },
    },
  }
  const { asker, seen } = person(['', '', '', '', ''])
  const { content } = (await answerForm({ message: 'm', requestedSchema }, 'h', asker)) as { content?: object }
  assert.deepEqual(content, { room: 'd', extras: ['c', 'a'], breakfast: true, people: 2, odd: 'none of these' })
  assert.deepEqual(
    [...seen.join('\n').matchAll(/ \[(.*?)\]: /g)].map(([, usual]) => usual),
    ['2', '3,1', 'yes', '2', 'none of these'],
  )
})

test('a form that asks for a secret is warned about', async () => {
  const requestedSchema = { type: 'object', properties: { x: { type: 'string', title: 'Your password' } } }
  const { asker, seen } = person([undefined])
  assert.deepEqual(await answerForm({ message: 'm', requestedSchema }, 'h', asker), { action: 'cancel' })
  assert.match(seen.join('\n'), /! It looks like a secret/)
})

test('a form of more fields than anybody fills in is declined, and said', async () => {
  const properties = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${at}`, { type: 'string' }]))
  const { asker, seen } = person([])
  assert.deepEqual(await answerForm({ message: 'm', requestedSchema: { type: 'object', properties } }, 'h', asker), { action: 'decline' })
  assert.match(seen.join('\n'), /! It has 101 fields/)
})

test('progress is told at once, then not in a flood', () => {
  const notes: string[] = []
  const lines = createProgressLines({ note: (text) => void notes.push(text) })
  assert.equal(lines.last(), '')
  for (let progress = 1; progress <= 1000; progress++) lines.show({ progress, total: 1000, message: 'row\u001b[2J\n' })
  assert.equal(notes[0], '  │ 1 of 1000  row')
  assert.ok(notes.length < 20, String(notes.length))
  assert.equal(lines.last(), ': 1000 of 1000  row')
})

test('secrets and headers are given by reference, and no mistake says one', async () => {
  await using folder = await createTempDir('given')
  const file = join(folder.path, 'key')
  writeFileSync(file, 'spk_hidden\n')
  assert.equal(secretFrom('--api-key-file', file, 'NOWHERE'), 'spk_hidden')
  assert.equal(secretFrom('--api-key-file', undefined, 'NOWHERE'), undefined)
  writeFileSync(join(folder.path, 'headers'), '# ours\nx-tenant: acme\r\n\nx-two:  b: c  \n')
  assert.deepEqual(headersFromFile(join(folder.path, 'headers')), { 'x-tenant': 'acme', 'x-two': 'b: c' })
  process.env['CLI_TEST_VALUE'] = 'from outside'
  assert.deepEqual(headersFromEnvironment(['x-tenant=CLI_TEST_VALUE']), { 'x-tenant': 'from outside' })
  assert.deepEqual(variablesNamed(['CLI_TEST_VALUE']), { CLI_TEST_VALUE: 'from outside' })
  mkdirSync(join(folder.path, 'folder'))
  writeFileSync(join(folder.path, 'empty'), '\n')
  writeFileSync(join(folder.path, 'wrong'), 'spk_hidden')
  for (const wrong of [
    () => headersFromEnvironment(['x-key=spk_hidden!']),
    () => headersFromEnvironment(['spk_hidden']),
    () => variablesNamed(['API_KEY=spk_hidden']),
    () => variablesNamed(['NO_SUCH_VARIABLE_HERE']),
    () => headersFromFile(join(folder.path, 'wrong')),
    () => secretFrom('--api-key-file', join(folder.path, 'folder'), 'NOWHERE'),
    () => secretFrom('--api-key-file', join(folder.path, 'empty'), 'NOWHERE'),
    () => secretFrom('--api-key-file', join(folder.path, 'missing'), 'NOWHERE'),
  ])
    assert.throws(wrong, (error) => error instanceof CliError && error.code === 'E-USAGE' && !error.message.includes('hidden'))
})
