/** Proof that the guards of a guarded row are on: whoever may not is refused, before anything is measured. @module */

import { openData } from '../../src/vault/index.ts'
import type { Credentials } from '../peers/serve.ts'
import { type Answer, callOf, type Message, post, resultOf } from './messages.ts'
import type { Server } from './servers.ts'

/** @throws if something that must be refused is answered. */
export async function checkGuards({ dialect, tool }: Server, message: Message, credentials: Credentials | undefined): Promise<void> {
  if (!credentials) throw new Error('a guarded server gave no credential')
  const anonymous = Object.fromEntries(Object.entries(message.headers).filter(([name]) => !(name in credentials.able)))
  const { prove } = credentials
  const proofFor = ({ authorization }: Readonly<Record<string, string>>) =>
    prove && authorization !== undefined ? { dpop: prove(authorization) } : {}
  const attempt = (headers: Readonly<Record<string, string>>, body: string): Promise<Answer> =>
    post(message.url, { ...anonymous, ...proofFor(headers), ...headers }, body)

  const body = message.fresh?.() ?? message.body
  const without = await attempt({}, body)
  // A token request whose credential is none at all is an invalid one (RFC 6749 §5.2).
  const isRefusal = (status: number): boolean => status === 401 || (tool === 'token' && status === 400)
  if (!isRefusal(without.status)) throw new Error(`answered a caller without a credential with ${without.status}`)

  const forged = Object.fromEntries(Object.entries(credentials.able).map(([name, value]) => [name, forge(value)]))
  const withForged = await attempt(forged, body)
  if (!isRefusal(withForged.status)) throw new Error(`answered a forged credential with ${withForged.status}`)

  requireRefused('a caller without the scope', await attempt(credentials.powerless, body))
  if (prove) await checkProofs(message, anonymous, credentials.able['authorization'] ?? '', prove)
  if (tool === 'sealed') {
    const once = message.fresh?.() ?? ''
    await attempt(credentials.able, once)
    requireRefused('a sealed value that was used', await attempt(credentials.able, once))
    requireRefused('a value in clear', await attempt(credentials.able, callOf(dialect, tool, { text: 'hi' })))
  }
  if (tool === 'calculator') {
    const outside = callOf(dialect, tool, { operation: 'add', a: 5000, b: 3 })
    requireRefused('an argument out of bounds', await attempt(credentials.able, outside))
  }
}

/** A bound token is nothing without a proof, and a proof is good once. */
async function checkProofs(
  { url, body }: Message,
  headers: Readonly<Record<string, string>>,
  authorization: string,
  prove: (authorization: string) => string,
): Promise<void> {
  const dpop = prove(authorization)
  const first = await post(url, { ...headers, authorization, dpop }, body)
  if (first.status !== 200) throw new Error(`answered a proof with ${first.status}`)
  for (const [what, more] of [
    ['a proof that was used', { authorization, dpop }],
    ['a bound token without a proof', { authorization }],
    ['a bound token as a bearer token', { authorization: authorization.replace(/^DPoP/, 'Bearer') }],
  ] as const) {
    const { status } = await post(url, { ...headers, ...more }, body)
    if (status !== 401) throw new Error(`answered ${what} with ${status}`)
  }
}

/** @throws unless there is a record of every call: numbers of the chain have no gaps, so the last one tells how many. */
export async function checkRecords(directory: string, answered: number): Promise<void> {
  const { store } = await openData({ dataDir: directory })
  try {
    const [last] = await store.audit.search({ limit: 1 })
    const records = last?.sequence ?? 0
    if (records < answered) throw new Error(`answered ${answered} calls, and only ${records} are on record`)
    // A refusal that a model can read is a 200.
    const denied = await store.audit.search({ decision: ['deny', 'error'], action: 'tools/call', limit: 10_000 })
    // What the generator still waits for when a slice is over, it cancels itself.
    const refused = denied.filter(({ record }) => record.reason !== 'cancelled')
    if (refused.length >= MANY) throw new Error(`refused ${refused.length} calls under load, the last as ${refused[0]?.record.reason}`)
  } finally {
    await store.close()
  }
}

/** More than the checks before the load cause. */
const MANY = 20

/** Another character in the middle, so that only what is cryptographic about it is wrong. */
function forge(value: string): string {
  const at = value.length - 10
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

function requireRefused(what: string, answer: Answer): void {
  const result = resultOf(answer) ?? tokenOf(answer)
  if (answer.status === 200 && result && !result.isError) throw new Error(`did not refuse ${what}`)
}

function tokenOf({ text }: Answer): { readonly isError?: boolean } | undefined {
  return text.includes('"access_token"') ? {} : undefined
}
