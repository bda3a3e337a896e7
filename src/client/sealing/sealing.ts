/**
 * Encrypted fields, the client's side (docs/payload-encryption.md), for whoever calls a tool without a thought of them.
 *
 *   list ─ learn ─▶ the tool as its author wrote it        call ─ seal ─▶ agree once ─▶ sealed values ─▶ open ─▶ the result
 *
 * Fails closed: where a value cannot be sealed to somebody who is believed, it is not sent.
 *
 * @module
 */

import type { Clock, JsonObject } from '../../core/index.ts'
import { createContentKeys, readRefusal } from '../../payload/index.ts'
import { canonicalJson, isObject } from '../../protocol/index.ts'
import { TrustError } from '../errors.ts'
import { type Agreed, type NotAgreed, pathsGiven, type SendCall } from './agree.ts'
import { type AgreementRequest, createAgreements } from './agreements.ts'
import { type Believed, believe, type Named, requireMarks, requirePrincipal } from './belief.ts'
import { fieldsOf, fieldsOfShown, ownNameIn, type SealedTool } from './definition.ts'
import type { EncryptionOptions } from './encryption-options.ts'
import { createListedTools, type ListedTools } from './listed.ts'
import type { SealingPin, SealingPinKeeper, SealingPins } from './pins.ts'
import { type SealedCall, sealCall } from './sealed-call.ts'

export interface Sealing extends Pick<ListedTools, 'learn' | 'isUnseen' | 'changed'> {
  /**
   * What a call means: by way of the tool that calls others (docs/context.md), encrypted fields would be in its arguments in clear. `look`
   * has `learn` told where nothing was listed yet. @throws {TokenStoreError} and what `look` throws
   */
  direct<C extends ToolCall>(call: C, look: () => Promise<void>): C | Promise<C>
  /** Whether a call of it has to pass `seal`: the others pay nothing. */
  concerns(name: string): boolean
  /** Undefined: nothing of this call is encrypted. @throws {TrustError | TokenStoreError} and what `send` throws */
  seal(params: JsonObject, send: SendCall): Promise<SealedCall | NotAgreed | undefined>
  /** @throws {TrustError} */
  open(name: string, call: SealedCall, result: JsonObject): Promise<JsonObject>
  /** Whether a call was refused for what was known of the tool, so that it has not run and may be made anew. Asks for the list again. */
  isOutdated(name: string, call: SealedCall | undefined, result: JsonObject): Promise<boolean>
  /** The connection is over: what was agreed on it, too. */
  forget(): void
  /** The user accepts these definitions, as they were shown. */
  accept(tools: ReadonlyMap<string, JsonObject>): Promise<void>
}

interface ToolCall {
  readonly name: string
  readonly arguments?: Record<string, unknown> | undefined
}

export interface SealingOptions {
  readonly options: EncryptionOptions
  readonly pins: SealingPinKeeper
  /** What the caller is known by: another key is another caller. */
  readonly credential: string
  /** What the server is called in sentences. */
  readonly server: string
  /** Asks for the list of tools anew, and has `learn` told. */
  readonly list: () => Promise<unknown>
  readonly clock: Clock
}

/** How servers of ours call the tool that calls others. */
const CALL_TOOL = 'call_tool'
/** Two for each agreement. */
const MAX_CONTENT_KEYS = 2_000

export function createSealing({ options, pins: keeper, credential, server, list, clock }: SealingOptions): Sealing {
  const { require: required = [] } = options
  const listed = createListedTools()
  const agreements = createAgreements(clock)
  const contentKeys = createContentKeys(MAX_CONTENT_KEYS)
  let pins: SealingPins | undefined

  const toNamed = (name: string): Named => ({ name, server })
  const wantedOf = (name: string): readonly string[] => required.filter((field) => field.startsWith(`${name}.`))
  const believedNow = (name: string, tool: SealedTool, pin: SealingPin | undefined): Believed => believe(toNamed(name), tool, pin, options)

  /** Before anything is sealed: another process may have believed somebody else meanwhile. */
  const remember = (name: string, tool: SealedTool, { agreement }: Agreed): Promise<void> =>
    keeper.change(name, (pin) => {
      const { tool: own, thumbprint } = believedNow(name, tool, pin)
      requirePrincipal(toNamed(name), agreement, pin, credential, options)
      const { [credential]: _, ...others } = pin?.principals ?? {}
      return { ...fieldsOf(tool), tool: own, identity: thumbprint, principals: { ...others, [credential]: agreement.principal } }
    })

  const agreeOn = async (
    name: string,
    tool: SealedTool,
    pin: SealingPin | undefined,
    request: Omit<AgreementRequest, 'believed' | 'remember'>,
  ) => agreements.of({ ...request, believed: believedNow(name, tool, pin), remember: (made) => remember(name, tool, made) })

  async function keysOf(name: string): Promise<Pick<Believed, 'keys' | 'keyIds'>> {
    const tool = listed.get(name)
    return tool ? believedNow(name, tool, (await keeper.load()).get(name)) : { keys: [], keyIds: [] }
  }

  const isIndirect = (name: string): boolean => name.endsWith(CALL_TOOL) && !listed.get(name)
  /** A gateway names both alike. Of what is encrypted, or must be, none goes by way of another tool: `seal` says what is wrong with it. */
  async function directed<C extends ToolCall>(call: C, look: () => Promise<void>): Promise<C> {
    const { name, arguments: args } = call
    const [meant, inner] = [args?.['name'], args?.['arguments']]
    if (typeof meant !== 'string') return call
    if (listed.isUnseen(meant)) await look()
    const known = await keeper.load()
    const isOurs = (each: string): boolean => listed.get(each) !== undefined || known.has(each) || wantedOf(each).length > 0
    const direct = { ...call, arguments: isObject(inner) ? inner : {} }
    const found = [name.slice(0, -CALL_TOOL.length) + meant, meant].find(isOurs)
    if (found !== undefined) return { ...direct, name: found }
    const deeper = isIndirect(meant) ? await directed({ ...direct, name: meant }, look) : undefined
    return deeper && deeper.name !== meant ? deeper : call
  }

  return {
    learn: listed.learn,
    isUnseen: listed.isUnseen,
    changed: listed.changed,
    direct: (call, look) => (isIndirect(call.name) ? directed(call, look) : call),
    concerns: (name) => pins === undefined || listed.get(name) !== undefined || pins.has(name) || wantedOf(name).length > 0,
    async seal(params, send) {
      const name = String(params['name'])
      pins = await keeper.load()
      const [tool, pin, named] = [listed.get(name), pins.get(name), toNamed(name)]
      requireMarks(named, tool, pin, wantedOf(name))
      if (!tool) return undefined
      const paths = pathsGiven(params, tool.arguments)
      // Where nothing encrypted is sent or comes back, there is nothing to agree on; where that is not understood, nothing is sent.
      if (tool.offer && paths.length === 0 && tool.result.length === 0) return undefined
      const agreed = await agreeOn(name, tool, pin, { named, params, paths, send }).catch(async (error: unknown) => {
        // The identity may be a new one, of which a newer list tells.
        if (!(error instanceof TrustError) || error.code !== 'encryption_invalid') throw error
        await list()
        const now = listed.get(name)
        if (!now || canonicalJson(fieldsOf(now)) !== canonicalJson(fieldsOf(tool))) throw error
        return agreeOn(name, now, pin, { named, params, paths, send })
      })
      return 'answer' in agreed ? agreed : sealCall({ named, params, paths, result: tool.result, agreed, contentKeys })
    },
    async open(name, call, result) {
      // The call has run: who is not believed now has no key to open with, and no say in what the other one has sealed.
      const keysNow = async () => (await keysOf(name).catch(() => undefined))?.keys ?? []
      try {
        return call.open(result, await keysNow())
      } catch {
        // The server may have a new key, of which a newer list tells.
        await list().catch(() => {})
        return call.open(result, await keysNow())
      }
    },
    async isOutdated(name, call, result) {
      const refusal = result['isError'] === true ? readRefusal(result) : undefined
      if (!refusal) return false
      agreements.drop(name)
      if (call && refusal.problem !== 'unknown_key') return false
      await list()
      if (!call) return listed.get(name) !== undefined
      // That the key is gone is said by the identity. Whoever says that the call was refused may have let it run.
      return !(await keysOf(name)).keyIds.includes(call.kid)
    },
    forget() {
      listed.changed()
      agreements.clear()
    },
    async accept(accepted) {
      const before = await keeper.load()
      for (const [name, definition] of accepted) {
        if (!before.has(name)) continue
        const fields = fieldsOfShown(definition)
        const isEncrypted = fields.arguments.length + fields.result.length > 0
        await keeper.change(name, (pin) =>
          pin && isEncrypted ? { ...pin, ...fields, tool: ownNameIn(definition) ?? pin.tool } : undefined,
        )
      }
      pins = await keeper.load()
    },
  }
}
