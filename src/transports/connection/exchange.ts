/**
 * One message on a connection that carries many: the `Received` that the pipeline is given. A class, since one is made for
 * every message and its methods need no closures.
 *
 * @module
 */

import {
  allow,
  type Budget,
  type Credential,
  type Decision,
  deny,
  type Entry,
  type Input,
  type Message,
  NOTHING,
  type Outgoing,
  type Possession,
  type Principal,
  type Received,
  type RequestId,
  type SessionState,
  type TaskId,
} from '../../core/index.ts'
import { idOf, type JsonBounds, parseJson, parseMessage } from '../../protocol/index.ts'
import type { ConnectionSession } from './session.ts'

/** Who is at the other end: the same for every message, and verified for every message. */
export type Caller = Pick<Received, 'transport' | 'address' | 'credential' | 'possession' | 'certificate' | 'resource'>

/** The connection, as far as a message has to do with it. */
export interface Carrier {
  readonly caller: Caller
  readonly bodyBytes: number
  readonly json: JsonBounds
  /** What the address has left, where that is counted for each message. */
  readonly checkAddress: (() => Decision<Budget | undefined> | Promise<Decision<Budget | undefined>>) | undefined
  session(): ConnectionSession | undefined
  /** From now on it can be cancelled by its id. False where an earlier request that still runs has it. */
  begun(id: RequestId, exchange: ConnectionExchange): boolean
  send(message: Outgoing): void
}

/** One message as it came in, or why it did not. */
export type Said = Buffer | 'too long' | 'not text'

export class ConnectionExchange implements Received {
  readonly transport: Received['transport']
  readonly address: string
  readonly credential: Credential | undefined
  readonly possession: Possession | undefined
  readonly certificate: Received['certificate']
  readonly resource: string
  readonly headers: Received['headers'] = NOTHING
  readonly receivedAt: number
  id: RequestId | undefined = undefined
  session: SessionState | undefined = undefined
  // Written by the stages; here from the start, so that every exchange has one shape.
  readonly principal: Principal | undefined = undefined
  readonly message: Message | undefined = undefined
  readonly entry: Entry | undefined = undefined
  readonly task: TaskId | undefined = undefined
  readonly args: unknown = undefined
  readonly input: Input | undefined = undefined
  budget: Budget | undefined = undefined
  readonly #said: Said | Message
  readonly #carrier: Carrier
  #listeners: (() => void)[] | undefined = undefined
  #isAnswered = false
  isCancelled = false

  /** `said`: the bytes that came in, or what we say in the caller's place. */
  constructor(carrier: Carrier, said: Said | Message, receivedAt: number) {
    const { transport, address, credential, possession, certificate, resource } = carrier.caller
    this.transport = transport
    this.address = address
    this.credential = credential
    this.possession = possession
    this.certificate = certificate
    this.resource = resource
    this.receivedAt = receivedAt
    this.#carrier = carrier
    this.#said = said
  }

  read(): Decision<Message> | Promise<Decision<Message>> {
    const { bodyBytes, json, checkAddress, session } = this.#carrier
    const said = this.#said
    this.session = session()
    if (said === 'too long') return deny({ reason: 'body_too_large', limitBytes: bodyBytes })
    if (said === 'not text') return deny({ reason: 'malformed_message', problem: 'A message is one frame of text.' })
    if (!Buffer.isBuffer(said)) return allow(said)
    const parsed = parseJson(said, json)
    if (!parsed.allowed) return parsed
    const id = idOf(parsed.value)
    // Answered without an id: with it, the answer would be one to the other request.
    if (id !== undefined && !this.#carrier.begun(id, this))
      return deny({ reason: 'malformed_message', problem: 'A request with this id is not answered yet: each needs one of its own.' })
    this.id = id
    const left = checkAddress?.()
    if (left instanceof Promise) return left.then((counted) => this.#parse(parsed.value, said.length, counted))
    return this.#parse(parsed.value, said.length, left)
  }

  #parse(value: unknown, bytes: number, left: Decision<Budget | undefined> | undefined): Decision<Message> {
    if (left?.allowed === false) return left
    this.budget = left?.value
    const session = this.#carrier.session()
    const message = parseMessage(value, undefined, session, bytes)
    // The session is the connection's: another would forget what this one has been told (2025-11-25 lifecycle §initialization).
    if (session && message.allowed && message.value.method === 'initialize')
      return deny({ reason: 'malformed_message', problem: 'This connection has been initialized: open another one.' })
    return message
  }

  /** There is but one stream, and it is open. */
  open(): void {}

  /** Nothing is said of a request that was answered or cancelled (2026-07-28 stdio §cancellation). */
  send(message: Outgoing): void {
    if (!this.isCancelled && !this.#isAnswered) this.#carrier.send(message)
  }

  onCancel(listener: () => void): void {
    if (this.isCancelled) listener()
    else if (this.#listeners) this.#listeners.push(listener)
    else this.#listeners = [listener]
  }

  cancel(): void {
    if (this.isCancelled) return
    this.isCancelled = true
    for (const listener of this.#listeners ?? []) listener()
  }

  answered(): void {
    this.#isAnswered = true
  }
}
