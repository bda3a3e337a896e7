/** A call whose arguments and result are encrypted: each request has another body, since a sealed value is good once. @module */

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  argumentPointer,
  bindingOf,
  createCallId,
  createContentKeys,
  ENCRYPTION,
  openField,
  parseField,
  publicJwkOf,
  readRefusal,
  readToolEncryption,
  sealField,
  thumbprintOf,
  toAgreeWord,
  verifyAgreement,
} from '../../src/payload/index.ts'
import { callOf, type Message, post, resultOf } from './messages.ts'

const TOOL = 'sealed'

/** Agrees once, as a client does for a connection. */
export async function seal(message: Message): Promise<Message> {
  const { privateKey } = generateKeyPairSync('x25519')
  const epk = publicJwkOf(privateKey)
  const send = (body: string) => post(message.url, message.headers, body)
  const listed = await post(message.url, { ...message.headers, 'mcp-method': 'tools/list' }, listOf())
  const tools = (JSON.parse(listed.text).result?.tools ?? []) as { readonly name: string; readonly _meta?: unknown }[]
  const offer = readToolEncryption(tools.find(({ name }) => name === TOOL)?._meta)
  const asked = callOf('modern', TOOL, { text: toAgreeWord(epk) }, { [ENCRYPTION]: { v: 1, epk } })
  const refusal = readRefusal({ ...resultOf(await send(asked)) })
  const agreement = offer && verifyAgreement(refusal?.agreement, offer.identity)
  if (!agreement) throw new Error('the server agreed on no key')
  const { tool, principal, key } = agreement
  const kid = thumbprintOf(key)
  const keys = createContentKeys(2)
  const [outward, inward] = (['request', 'result'] as const).map((direction) => keys.of(privateKey, 'own', key.x, direction) as KeyObject)
  const bnd = bindingOf({ tool, principal, pointer: argumentPointer(['text']) })

  return {
    ...message,
    fresh() {
      const call = createCallId()
      const header = { kid, epk: epk.x, iat: Math.floor(Date.now() / 1000), call, bnd }
      const text = sealField(JSON.stringify(message.expected), outward as KeyObject, 'request', header)
      return callOf('modern', TOOL, { text }, { [ENCRYPTION]: { v: 1, epk, call } })
    },
    read({ structuredContent }) {
      const sealed = (structuredContent as { readonly text?: string } | undefined)?.text
      const parsed = sealed === undefined ? undefined : parseField(sealed, 'result')
      return parsed && openField(parsed, inward as KeyObject)?.value
    },
  }
}

const listOf = (): string => callOf('modern', TOOL, {}).replace('"tools/call"', '"tools/list"')
