import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { createRedactor, type JsonObject, type Outgoing } from '../../src/core/index.ts'
import { oddServer, type Started, startUpstream, textOf } from '../fixtures/start-upstream.ts'
import { verifies } from '../requirements.ts'
import { lived, until } from '../support/until.ts'

const open: Started[] = []
async function start(flags: string[] = [], options: Parameters<typeof startUpstream>[1] = {}): Promise<Started> {
  const started = await startUpstream(oddServer(...flags), options)
  open.push(started)
  return started
}
after(() => Promise.all(open.map(({ upstream }) => upstream.close())))

// Side by side: most of the time goes into starting children.
verifies('TR12')

describe('a stdio upstream', { concurrency: 4 }, () => {
  test('a legacy server is recognized by what it answers to the probe, whatever that is', async () => {
    for (const flags of [[], ['--empty-results'], ['--only-legacy']]) {
      const { upstream } = await start(flags)
      assert.equal(upstream.state, 'ready', flags.join())
      assert.equal(upstream.session?.dialect.era, 'legacy')
      assert.equal(upstream.session?.dialect.version, flags[0] === '--only-legacy' ? '2025-06-18' : '2025-11-25')
      assert.deepEqual(upstream.session?.serverInfo, { name: 'odd', version: '1' })
    }
  })

  test('a server that stays silent at the probe is taken for a legacy one', async () => {
    const { upstream } = await start(['--silent-probe'], { probeMs: 150 })
    assert.equal(upstream.session?.dialect.era, 'legacy')
  })

  test('a modern server is spoken to in its revision, and one that is modern but younger than we is not initialized', async () => {
    const { upstream, call } = await start(['--modern'])
    assert.deepEqual([upstream.session?.dialect.era, upstream.session?.dialect.version], ['modern', '2026-07-28'])
    const { meta } = JSON.parse(textOf(await call('echo')))
    assert.deepEqual(meta, {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'sallyport-test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    })
    const future = await start(['--future'])
    assert.equal(future.upstream.state, 'down')
    assert.match(future.upstream.problem ?? '', /no protocol version/)
    const past = await start(['--stone-age'])
    assert.match(past.upstream.problem ?? '', /no protocol version/)
  })

  test('noise on stdout is skipped and logged once of each kind, and a line may come in pieces', async () => {
    const { log, call } = await start(['--noise'])
    assert.equal(textOf(await call('noise')), 'after the noise')
    assert.equal(textOf(await call('noise')), 'after the noise')
    assert.equal(textOf(await call('partial')), 'grüße 世界')
    assert.equal(log.filter((line) => line.includes('not JSON')).length, 1)
  })

  test('an answer goes to the call that asked and to no other', async () => {
    const { call } = await start()
    const [wrong, twice, echo] = await Promise.all([call('wrong-id'), call('twice'), call('echo', 'mine')])
    assert.deepEqual([wrong, twice, echo].map(textOf), ['at last', 'first', 'mine'])
    assert.match(textOf(await call('garbled')), /^denied: The server odd gave an answer that is not valid MCP/)
    assert.match(textOf(await call('deep')), /nested deeper than 64/)
    assert.equal(textOf(await call('error')), 'error -32002')
  })

  test('ids are ours, and of _meta only what is not the protocol’s own goes on', async () => {
    const { call } = await start()
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'claudecode/toolUseId': 'toolu_1' }
    const answer = await call('echo', undefined, {
      meta: {
        ...trace,
        progressToken: 'theirs',
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'x' },
      },
    })
    const { meta, id } = JSON.parse(textOf(answer))
    assert.deepEqual(meta, { ...trace, progressToken: id })
  })

  test('progress comes in order, under the caller’s own token, and only if it was asked for', async () => {
    const { call } = await start()
    const notifications: Outgoing[] = []
    const notify = (notification: Outgoing): void => void notifications.push(notification)
    assert.equal(textOf(await call('progress', undefined, { meta: { progressToken: 'theirs' }, notify })), 'done')
    assert.deepEqual(
      notifications,
      [1, 2, 3].map((progress) => ({
        method: 'notifications/progress',
        params: { progressToken: 'theirs', progress, total: 3, message: `step ${progress}` },
      })),
    )
    await call('progress', undefined, { notify })
    assert.equal(notifications.length, 3)
  })

  test('a cancelled call is forgotten at once and its upstream told', async () => {
    const { call } = await start()
    let cancel = (): void => {}
    const answer = call('never', undefined, { onCancel: (listener) => (cancel = listener) })
    cancel()
    assert.equal(textOf(await answer), 'denied: cancelled')
    const { lastCancelled, id } = JSON.parse(textOf(await call('echo')))
    assert.equal(lastCancelled, id - 1)
  })

  test('a call past its deadline is denied and its upstream told', async () => {
    const { call } = await start()
    using time = lived()
    assert.equal(textOf(await call('never', undefined, { deadlineAt: Date.now() + 100 })), 'denied: deadline_exceeded')
    assert.ok(time.ms() < 1_000)
    const { lastCancelled, id } = JSON.parse(textOf(await call('echo')))
    assert.equal(lastCancelled, id - 1)
  })

  test('an answer beyond 64 MiB is dropped, its call denied, and the next one answered', async () => {
    const { call } = await start()
    const patient = { deadlineAt: Date.now() + 60_000 }
    assert.equal(textOf(await call('huge', undefined, patient)), 'denied: result_too_large')
    assert.equal(textOf(await call('huge-at-the-end', undefined, patient)), 'denied: result_too_large')
    assert.equal(textOf(await call('echo', 'still here')), 'still here')
  })

  test('a ping of the upstream is answered, and what the caller cannot answer is declined at once; a modern server must not ask', async () => {
    const { call } = await start()
    await call('asks')
    const { answers } = JSON.parse(textOf(await call('echo')))
    assert.deepEqual(answers, [
      { jsonrpc: '2.0', id: 'ask-1', result: {} },
      { jsonrpc: '2.0', id: 'ask-2', error: { code: -32601, message: 'The caller does not support sampling/createMessage.' } },
    ])
    const modern = await start(['--modern'])
    await modern.call('asks')
    assert.deepEqual(JSON.parse(textOf(await modern.call('echo'))).answers, [])
  })

  test('an upstream that asks without reading the answers gets no more than fit, and is heard again once it reads', async () => {
    const { call, log } = await start()
    assert.equal(textOf(await call('pings', '8000')), 'asked')
    const { answers } = JSON.parse(textOf(await call('echo')))
    assert.ok(answers.length > 100 && answers.length < 7000, `${answers.length} answers`)
    assert.equal(log.filter((line) => line.includes('skipped an answer to its requests, as it reads none')).length, 1)
    await call('asks')
    assert.equal(JSON.parse(textOf(await call('echo'))).answers.at(-1).id, 'ask-2')
  })

  test('an id that is too long is not said back', async () => {
    const { call } = await start()
    await call('long-id')
    assert.deepEqual(JSON.parse(textOf(await call('echo'))).answers, [])
  })

  test('an upstream that reads nothing is not sent more than it could ever take', async () => {
    const { upstream, call } = await startUpstream(oddServer())
    await call('deaf')
    const large = 'x'.repeat(8 * 1024 * 1024)
    const calls = Array.from({ length: 12 }, () => call('echo', large))
    assert.match(textOf(await Promise.race(calls)), /^denied: The server odd does not take any more requests/)
    await upstream.close()
    const refused = (await Promise.all(calls)).map(textOf).filter((text) => text.includes('does not take any more'))
    assert.ok(refused.length >= 2 && refused.length <= 4, `${refused.length} refused`)
  })

  test('that a capability is missing is passed on to the caller that lacks it, and to no other', async () => {
    const { call } = await start(['--modern'])
    const asks = (required: object, capabilities?: JsonObject) =>
      call('needs', JSON.stringify(required), capabilities ? { capabilities } : {}).then(textOf)
    assert.equal(await asks({ sampling: {} }), 'error -32021')
    assert.equal(await asks({ sampling: {} }, { elicitation: {} }), 'error -32021')
    assert.equal(await asks({ elicitation: { url: {} } }, { elicitation: {} }), 'error -32021')
    for (const [required, declared] of [
      [{ sampling: {} }, { sampling: {}, roots: {} }],
      [{ elicitation: { url: {} } }, { elicitation: { form: {}, url: {} } }],
      [{}, {}],
    ])
      assert.match(await asks(required as object, declared), /^denied: The server odd needs a capability of the client that this gateway/)
    const legacy = await start()
    assert.equal(textOf(await legacy.call('needs', '{}')), 'error -32021')
  })

  test('a child that dies in mid-call denies what was in flight and comes back', async () => {
    const { upstream, call, stale, log } = await start()
    const [dead, victim] = await Promise.all([call('die'), call('never')])
    for (const decision of [dead, victim]) assert.match(textOf(decision), /^denied: The server odd stopped while it was answering/)
    assert.equal(textOf(await call('echo', 'waited for it')), 'waited for it')
    assert.equal(upstream.state, 'ready')
    assert.deepEqual(stale, [['tools', 'prompts', 'resources']])
    assert.ok(log.some((line) => /exited with code 1; its last words: segmentation fault/.test(line)))
  })

  test('a server that hangs in its handshake was never healthy: it too is tried again later and later', async () => {
    const code = 'process.stdin.resume()'
    const target = { command: process.execPath, args: ['-e', code], cwd: import.meta.dirname, env: {} }
    // A thousand times as fast: the two minutes of a handshake are over soon.
    const clock = (): number => Date.now() * 1000
    const started = await startUpstream(target, { clock, probeMs: 20 })
    open.push(started)
    const delays = (): number[] =>
      started.log.flatMap((line) => (/trying again \{"in_ms":(\d+)\}/.exec(line)?.[1] ?? []) as number[]).map(Number)
    await until('the third attempt', () => delays().length >= 3)
    assert.deepEqual(delays().slice(0, 3), [125, 250, 500])
  })

  test('a server that cannot start is tried again, later and later, and a call waits two seconds for it at most', async () => {
    const { upstream, call, log } = await start(['--die-at-start'])
    assert.equal(upstream.state, 'down')
    assert.match(upstream.problem ?? '', /exited with code 3; its last words: cannot start: the disk is full/)
    const startedAt = Date.now()
    using time = lived()
    assert.match(textOf(await call('echo', 'x')), /^denied: The server odd is not running/)
    assert.ok(Date.now() - startedAt >= 1_900 && time.ms() < 4_000)
    const delays = () => log.flatMap((line) => /"in_ms":(\d+)/.exec(line)?.[1] ?? []).map(Number)
    await until('three tries', () => delays().length >= 3, 20_000)
    assert.deepEqual(delays().slice(0, 3), [125, 250, 500])
    assert.equal(textOf(await call('echo', 'x', { deadlineAt: Date.now() + 50 })).startsWith('denied'), true)
  })

  test('a command that does not exist is named as such', async () => {
    const started = await startUpstream({ command: 'no-such-program-at-all', args: ['--token', 'swordfish'], cwd: '/', env: {} })
    open.push(started)
    assert.match(started.upstream.problem ?? '', /not found/)
    assert.ok(!started.log.join().includes('swordfish'))
  })

  test('a child sees the variables it needs and the ones it was given, and nothing else of ours', async () => {
    process.env['SALLYPORT_TEST_SECRET'] = 'do not pass on'
    process.env['UNRELATED_SECRET'] = 'do not pass on either'
    try {
      const started = await startUpstream({ ...oddServer(), cwd: '/', env: { GIVEN: 'yes', SALLYPORT_KEY: 'never' } })
      open.push(started)
      const { names, cwd } = JSON.parse(textOf(await started.call('environment')))
      assert.equal(cwd, '/')
      assert.ok(names.includes('GIVEN') && names.includes('PATH'))
      // Where the machine names its own certificates, a child must trust them too.
      const needed =
        'PATH HOME LANG TERM TMPDIR USER NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR NO_PROXY __CF_USER_TEXT_ENCODING'.split(' ')
      assert.deepEqual(
        names.filter((name: string) => name !== 'GIVEN' && !needed.includes(name)),
        [],
      )
    } finally {
      delete process.env['SALLYPORT_TEST_SECRET']
      delete process.env['UNRELATED_SECRET']
    }
  })

  test('stderr goes to the log, redacted and not without bound', async () => {
    const { call, log, redactor } = await start()
    redactor.learn('correct horse battery')
    await call('loud', 'correct horse battery')
    await until('the line', () => log.includes('debug odd: the token is [redacted] {}'))
    await call('flood')
    const lines = () => log.filter((line) => /odd: line \d+/.test(line)).length
    await until('a hundred lines', () => lines() >= 100)
    assert.ok(lines() <= 400, `${lines()} lines`)
  })

  test('the last words of a program that cannot be found are the error, not the stack nor what Node ends with', async () => {
    const command = { command: process.execPath, args: ['no-such-server.js'] }
    const { upstream } = await startUpstream({ ...oddServer(), ...command })
    open.push({ upstream } as Started)
    assert.match(upstream.problem ?? '', /its last words: Error: Cannot find module '.*no-such-server\.js'$/)
  })

  test('no known secret is cut before it is looked for', async () => {
    const secret = 'Sup3rSecretValue-0123456789-abcdef'
    const redactor = createRedactor()
    redactor.learn(secret)
    const { log } = await start(['--secret-at-start'], { redactor, probeMs: 150 })
    await until('its end', () => log.some((line) => line.includes('its last words')))
    const named = await start(['--long-name'], { redactor })
    const { serverInfo, instructions } = named.upstream.session ?? {}
    const told = [...log, ...named.log, JSON.stringify(serverInfo), instructions ?? ''].join('\n')
    for (const what of ['not JSON', '… (cut)', 'its last words', 'ready']) assert.ok(told.includes(what), what)
    assert.ok(serverInfo?.name.endsWith('[redacted]') && instructions?.endsWith('[redacted]'))
    assert.doesNotMatch(told, /Sup3r/)
  })

  test('list changes are announced, by both revisions', async () => {
    for (const flags of [[], ['--modern']]) {
      const { call, stale } = await start(flags)
      await call('change')
      await until('the change', () => stale.length >= 1)
      assert.deepEqual(stale[0], ['tools'])
    }
  })

  test('a subscription that the server ends is opened again, and what may have changed is read again', async () => {
    const { call, stale } = await start(['--modern'])
    await call('unsubscribe')
    await until('the second subscription', () => stale.length === 1)
    assert.deepEqual(stale[0], ['tools'])
    await call('change')
    await until('a change on it', () => stale.length > 1)
  })

  test('closing ends the child, also one that will not go', async () => {
    async function close(flags: string[]): Promise<void> {
      const { upstream, call } = await startUpstream(oddServer(...flags))
      const { pid } = JSON.parse(textOf(await call('environment')))
      const startedAt = Date.now()
      using time = lived()
      const inFlight = call('never')
      await upstream.close()
      const tookMs = Date.now() - startedAt
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
      assert.match(textOf(await inFlight), /^denied/)
      assert.match(textOf(await call('echo', 'x')), /^denied: The server odd is not running/)
      // Two seconds each for the end of stdin and for SIGTERM.
      assert.ok(tookMs >= flags.length * 2_000 - 100 && time.ms() < flags.length * 2_000 + 1_900, `${flags.join()} took ${tookMs} ms`)
    }
    await Promise.all([[], ['--ignore-end'], ['--ignore-end', '--ignore-term']].map(close))
  })

  test('many calls at once are answered each with its own', async () => {
    const { call } = await start()
    const texts = Array.from({ length: 500 }, (_, i) => `call ${i}`)
    assert.deepEqual((await Promise.all(texts.map((text) => call('echo', text)))).map(textOf), texts)
  })
})
