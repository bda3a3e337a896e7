// A client of payload encryption for tests of the server: made of the format alone, so that a test can do one thing wrong at a time.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  type Agreement,
  argumentPointer,
  bindingOf,
  createCallId,
  createContentKeys,
  ENCRYPTION,
  type FieldHeader,
  fromWireSchema,
  type OkpJwk,
  openField,
  parseField,
  publicJwkOf,
  readRefusal,
  readToolEncryption,
  resultPointer,
  sealedPathOf,
  sealField,
  type ToolEncryption,
  thumbprintOf,
  toAgreeWord,
  valueAt,
  verifyAgreement,
  verifyKeys,
  withValue,
} from '../../src/payload/index.ts'
import type { Answer, McpClient } from './mcp.ts'
import type { Json } from './sse.ts'

export interface SealOptions {
  readonly call?: string
  readonly over?: Partial<FieldHeader>
  /** In place of the agreed one. */
  readonly agreement?: Partial<Agreement>
  /** What the place says it is for, where a test lies about it. */
  readonly pointer?: string
}

export interface SealedClient {
  readonly epk: OkpJwk
  readonly privateKey: KeyObject
  agree(): Promise<Agreement>
  /** The arguments with the marked ones sealed. */
  seal(args: Json, agreement: Agreement, options?: SealOptions): Json
  /** Agrees, seals, calls. */
  call(args?: Json, options?: SealOptions): Promise<Answer & { readonly opened: Json }>
  open(structured: Json, agreement: Pick<Agreement, 'tool' | 'principal'>, call: string, keys: readonly OkpJwk[]): Json
  readonly offer: ToolEncryption
}

export async function sealedClient(client: McpClient, name: string, now: () => number = Date.now): Promise<SealedClient> {
  const { privateKey } = generateKeyPairSync('x25519')
  const epk = publicJwkOf(privateKey)
  const definition = (await client.list()).find((tool) => tool.name === name)
  const offer = readToolEncryption(definition._meta) as ToolEncryption
  const paths = fromWireSchema(definition.inputSchema)?.paths ?? []
  const results = definition.outputSchema ? (fromWireSchema(definition.outputSchema)?.paths ?? []) : []
  const contentKeys = createContentKeys(100)
  const keyOf = (peer: OkpJwk, direction: 'request' | 'result') =>
    contentKeys.of(privateKey, thumbprintOf(epk), peer.x, direction) as KeyObject

  async function agree(args: Json = {}): Promise<Agreement> {
    const words = paths.reduce((all, path) => withValue(withParents(all, path), path, toAgreeWord(epk)), args)
    const answer = await client.call(name, words, { [ENCRYPTION]: { v: 1, epk } })
    const agreement = verifyAgreement(readRefusal(answer.result)?.agreement, offer.identity)
    if (!agreement) throw new Error(`no agreement: ${JSON.stringify(answer.body)}`)
    return agreement
  }

  function seal(args: Json, agreement: Agreement, { call = createCallId(), over, agreement: lie, pointer }: SealOptions = {}): Json {
    const { tool, principal, key } = { ...agreement, ...lie }
    let sealed = args
    for (const path of paths) {
      const value = valueAt(args, path)
      if (value === undefined) continue
      const bnd = bindingOf({ tool, principal, pointer: pointer ?? argumentPointer(path) })
      const header = { kid: thumbprintOf(key), epk: epk.x, iat: Math.floor(now() / 1000), call, bnd, ...over }
      sealed = withValue(sealed, path, sealField(JSON.stringify(value), keyOf(key, 'request'), 'request', header))
    }
    return sealed
  }

  function open(structured: Json, { tool, principal }: Pick<Agreement, 'tool' | 'principal'>, call: string, keys: readonly OkpJwk[]): Json {
    let opened = structured
    for (const path of results) {
      const text = valueAt(structured, sealedPathOf(path))
      if (text === undefined) continue
      const parsed = parseField(text as string, 'result')
      const key = keys.find((each) => thumbprintOf(each) === parsed?.header.kid && each.x === parsed.header.epk)
      const found = parsed && key && openField(parsed, keyOf(key, 'result'))
      if (!found || parsed.header.call !== call || parsed.header.bnd !== bindingOf({ tool, principal, pointer: resultPointer(path) }))
        throw new Error('a result does not open')
      opened = path.length === 0 ? found.value : withValue(opened, path, found.value)
    }
    return opened
  }

  return {
    epk,
    privateKey,
    offer,
    agree,
    seal,
    open,
    async call(args = {}, options = {}) {
      const agreement = await agree(args)
      const call = options.call ?? createCallId()
      const answer = await client.call(name, seal(args, agreement, { ...options, call }), { [ENCRYPTION]: { v: 1, epk, call } })
      const structured = answer.result?.structuredContent
      const keys = [agreement.key, ...(verifyKeys(offer.keys, offer.identity) ?? [])]
      const isSealed = results.length > 0 && structured !== undefined && answer.result.isError !== true
      return { ...answer, opened: isSealed ? open(structured, agreement, call, keys) : structured }
    },
  }
}

function withParents(args: Json, path: readonly string[]): Json {
  let filled = args
  for (let depth = 1; depth < path.length; depth++) {
    const parent = path.slice(0, depth)
    if (valueAt(filled, parent) === undefined) filled = withValue(filled, parent, {})
  }
  return filled
}
