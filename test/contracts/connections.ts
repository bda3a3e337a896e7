/** What every `Connections` must do, whatever is behind it. @module */

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Connection, Connections } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'

export interface ConnectionsUnderTest {
  readonly connections: Connections
  readonly end: () => Promise<void>
}

export interface What {
  /** An account elsewhere that can be connected. `visit`: what a browser does there, the person always saying yes: where it lands. */
  readonly account?: { readonly id: string; readonly visit: (location: string) => Promise<string> } | undefined
  /** A secret that can be set. */
  readonly secret?: { readonly id: string } | undefined
}

const ANA = { user: 'ana', session: 'bs_ana' }
const BEN = { user: 'ben', session: 'bs_ben' }
const backTo = (id: string): string => `http://localhost:7777/account/connections/${id}/callback`
const VALUE = 'a value that nobody else reads'

/** `open`: for the people ana and ben. */
export function describeConnections(name: string, has: readonly (keyof What)[], open: () => Promise<ConnectionsUnderTest & What>): void {
  describe(`connections: ${name}`, () => {
    let opened: ConnectionsUnderTest | undefined
    async function start(): Promise<ConnectionsUnderTest & { account: NonNullable<What['account']>; secret: NonNullable<What['secret']> }> {
      const under = await open()
      opened = under
      const { account, secret } = under
      for (const one of ['account', 'secret'] as const) assert.equal(under[one] !== undefined, has.includes(one), one)
      return { ...under, account: account as NonNullable<What['account']>, secret: secret as NonNullable<What['secret']> }
    }
    afterEach(async () => {
      await opened?.end()
      opened = undefined
    })
    /** Of those that have one. */
    const itOf = (what: keyof What, behaviour: string, run: () => Promise<void>): void => {
      if (has.includes(what)) it(behaviour, run)
    }

    it('has a sentence, and nothing else, for what it does not know', async () => {
      const { connections } = await start()
      for (const id of ['unknown', '', '__proto__', 'constructor', '../notes', 'x'.repeat(300)]) {
        assert.ok(problemOf(await connections.begin(id, ANA, backTo(id))))
        assert.ok(problemOf(await connections.setSecret(id, 'ana', VALUE)))
        assert.equal(await connections.end(id, 'ana'), false)
      }
      for (const callback of ['', 'code=1', 'state=1&code=1', `state=${'x'.repeat(43)}&code=1`, 'error=access_denied'])
        assert.ok(problemOf(await connections.finish(ANA, new URLSearchParams(callback), backTo('unknown'))))
    })

    it('lists for each person what there is, once each', async () => {
      const { connections } = await start()
      const ana = await connections.list('ana')
      assert.equal(ana.length, has.length)
      assert.equal(new Set(ana.map(({ id }) => id)).size, ana.length)
      for (const { state, title, servers } of ana) {
        assert.equal(state, 'missing')
        assert.ok(title !== '' && servers.length > 0)
      }
      assert.deepEqual(await connections.list('ben'), ana)
    })

    itOf('account', 'connects whoever comes back as they went, and nobody else', async () => {
      verifies('upstream-connected-by-same')
      const { connections, account } = await start()
      assert.deepEqual(await connect(connections, account), { id: account.id })
      const shown = await stateOf(connections, 'ana', account.id)
      assert.equal(shown?.state, 'connected')
      assert.ok(typeof shown.since === 'number')
      assert.doesNotMatch(JSON.stringify(await connections.list('ana')), /access-|refresh-|client-/)
      assert.equal((await stateOf(connections, 'ben', account.id))?.state, 'missing')
    })

    itOf('account', 'takes what comes back once', async () => {
      verifies('upstream-connected-by-same')
      const { connections, account } = await start()
      const callback = await callbackOf(connections, account)
      const ended = await Promise.all(Array.from({ length: 5 }, () => connections.finish(ANA, callback, backTo(account.id))))
      assert.equal(ended.filter((one) => problemOf(one) === undefined).length, 1)
    })

    for (const [whither, who, place] of [
      ['to another person', BEN],
      ['to another person in a session of the same name', { ...BEN, session: ANA.session }],
      ['to another browser', { ...ANA, session: 'bs_another' }],
      ['to another place', ANA, backTo('another')],
    ] as const)
      itOf('account', `has no use for what comes back ${whither}, then or later`, async () => {
        verifies('upstream-connected-by-same')
        const { connections, account } = await start()
        const callback = await callbackOf(connections, account)
        assert.ok(problemOf(await connections.finish(who, callback, place ?? backTo(account.id))))
        assert.ok(problemOf(await connections.finish(ANA, callback, backTo(account.id))), 'it is used up')
        for (const user of ['ana', 'ben']) assert.equal((await stateOf(connections, user, account.id))?.state, 'missing')
      })

    itOf('account', 'ends what a person has, once, and nobody else’s', async () => {
      const { connections, account } = await start()
      await connect(connections, account)
      assert.equal(await connections.end(account.id, 'ben'), false)
      assert.equal((await stateOf(connections, 'ana', account.id))?.state, 'connected')
      assert.equal(await connections.end(account.id, 'ana'), true)
      assert.equal((await stateOf(connections, 'ana', account.id))?.state, 'missing')
      assert.equal(await connections.end(account.id, 'ana'), false)
    })

    itOf('secret', 'keeps a secret for whoever set it, and never shows it', async () => {
      const { connections, secret } = await start()
      assert.equal(await connections.setSecret(secret.id, 'ana', VALUE), undefined)
      assert.equal((await stateOf(connections, 'ana', secret.id))?.state, 'connected')
      assert.equal((await stateOf(connections, 'ben', secret.id))?.state, 'missing')
      assert.ok(!JSON.stringify(await connections.list('ana')).includes(VALUE))
      assert.equal(await connections.end(secret.id, 'ben'), false)
      assert.equal(await connections.end(secret.id, 'ana'), true)
      assert.equal((await stateOf(connections, 'ana', secret.id))?.state, 'missing')
    })

    itOf('secret', 'begins no sign-in for a secret, and keeps no secret for an account', async () => {
      const { connections, account, secret } = await start()
      assert.ok(problemOf(await connections.begin(secret.id, ANA, backTo(secret.id))))
      assert.ok(problemOf(await connections.setSecret(account.id, 'ana', VALUE)))
      for (const { state } of await connections.list('ana')) assert.equal(state, 'missing')
    })
  })
}

async function callbackOf(connections: Connections, { id, visit }: NonNullable<What['account']>): Promise<URLSearchParams> {
  const begun = await connections.begin(id, ANA, backTo(id))
  assert.ok('location' in begun, problemOf(begun))
  assert.equal(new URL(begun.location).searchParams.get('redirect_uri'), backTo(id))
  assert.doesNotMatch(begun.location, /ana/)
  return new URL(await visit(begun.location)).searchParams
}

const connect = async (connections: Connections, account: NonNullable<What['account']>) =>
  connections.finish(ANA, await callbackOf(connections, account), backTo(account.id))

const stateOf = async (connections: Connections, user: string, id: string): Promise<Connection | undefined> =>
  (await connections.list(user)).find((one) => one.id === id)

const problemOf = (answer: object | undefined): string | undefined => {
  const problem = answer && 'problem' in answer ? answer.problem : undefined
  return typeof problem === 'string' && problem !== '' ? problem : undefined
}
