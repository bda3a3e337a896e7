/**
 * What happens where a caller has not connected yet: who can be sent to a page by their client is asked to open it (URL-mode elicitation),
 * and the call goes on once they have connected; everybody else gets the refusal, which has the same link (2026-07-28 elicitation §URL
 * mode; 2025-11-25 likewise).
 *
 * The link says nothing of the person: who opens it signs in there, and connects their own account to their own.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Clock,
  type Decision,
  type Denial,
  deny,
  type Execution,
  type Executor,
  type Input,
  type Produced,
} from '../../core/index.ts'
import { isAskable, isObject } from '../../protocol/index.ts'
import type { PersonalCredentials } from './personal.ts'

/** Another than any upstream is asked under. */
const KEY = 'sallyport-connect'
const CONNECT = { sallyport: 'connect' }
/** For somebody who has opened the page and is on their way. */
const WAIT_MS = 60_000
const LOOK_MS = 500

/** Makes the call, with what was answered to what the upstream asked. */
export type Forward = (call: Call, input: Input | undefined) => Execution

export interface ConnectingOptions {
  readonly forward: Forward
  readonly personal: Pick<PersonalCredentials, 'isPersonal' | 'credentials'>
  readonly clock: Clock
}

type NotConnected = Extract<Denial, { readonly reason: 'not_connected' }>

export function createConnectingExecutor({ forward, personal, clock }: ConnectingOptions): Pick<Executor, 'execute'> {
  function execute(call: Call): Execution {
    const { input } = call
    if (!personal.isPersonal()) return forward(call, input)
    if (input && isOurs(input)) return goOn(call, input)
    const outcome = forward(call, input)
    return outcome instanceof Promise ? outcome.then((decided) => judge(call, decided)) : judge(call, outcome)
  }

  /** Asked once: who has not connected then is told, and not asked for ever. */
  function judge(call: Call, outcome: Decision<Produced>): Decision<Produced> {
    if (outcome.allowed || outcome.denial.reason !== 'not_connected' || call.input || !canOpen(call)) return outcome
    return allow({ kind: 'input', requests: { [KEY]: ask(outcome.denial) }, state: CONNECT })
  }

  async function goOn(call: Call, { latest }: Input): Promise<Decision<Produced>> {
    const until = Math.min(clock() + WAIT_MS, call.deadlineAt - 5000)
    let isAway = false
    call.onAbort(() => (isAway = true))
    if (latest[KEY]?.['action'] === 'accept')
      while (!isAway && clock() < until && (await isMissing(call))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    if (isAway) return deny({ reason: 'cancelled' })
    return forward(call, undefined)
  }

  async function isMissing({ principal }: Call): Promise<boolean> {
    const given = await personal.credentials.present(principal)
    return !given.allowed && given.denial.reason === 'not_connected'
  }

  return { execute }
}

const isOurs = ({ state }: Input): boolean => isObject(state) && state['sallyport'] === CONNECT.sallyport

function canOpen({ method, capabilities }: Call): boolean {
  const { elicitation } = capabilities
  return isAskable(method) && isObject(elicitation) && isObject(elicitation['url'])
}

const ask = ({ sentence, url }: NotConnected) => ({
  method: 'elicitation/create' as const,
  // The id is the page's: it proves nothing, and says nothing of the person (2025-11-25 elicitation §URL mode).
  params: { mode: 'url', message: sentence, url, elicitationId: new URL(url).pathname },
})
