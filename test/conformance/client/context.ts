// What the suite tells about a scenario, where there is anything to tell.

import type { JsonObject } from '../../../src/core/index.ts'

/** As the suite names it. */
export interface Context {
  readonly client_id?: string
  readonly client_secret?: string
  /** Who gave the secret, where the suite says so. */
  readonly issuer?: string
  readonly private_key_pem?: string
  readonly signing_algorithm?: string
  readonly idp_client_id?: string
  readonly idp_id_token?: string
  readonly idp_issuer?: string
  readonly idp_token_endpoint?: string
  readonly valid_jwt?: string
  readonly toolCalls?: readonly ToolCall[]
}

export interface ToolCall {
  readonly name: string
  readonly arguments: JsonObject
}

export const loadContext = (text: string | undefined): Context => (text === undefined ? {} : (JSON.parse(text) as Context))
