/**
 * What is signed in to with a store: for a person who looks, never with a token. What a record says that does not parse is left out:
 * it is listed all the same, since it is there.
 *
 * @module
 */

import { z } from 'zod'
import type { KeptRecord } from './file-store.ts'
import { parseTokenName } from './names.ts'

export interface Login {
  /** The URL of the MCP endpoint, over HTTP. */
  readonly server: string
  readonly account: string
  /** Who gave the tokens. */
  readonly issuer: string | undefined
  /** How a program obtained it by itself, such as `client_credentials`; undefined where a person signed in. */
  readonly obtained: string | undefined
  /** When the access token ends, in milliseconds since the epoch; undefined where nobody said. */
  readonly expiresAt: number | undefined
  /** Whether it is renewed by itself then. */
  readonly renews: boolean
  /** In milliseconds since the epoch, to a day. */
  readonly lastUsedAt: number
  /** Until when it is here, if nobody uses it any more. */
  readonly keptUntil: number | undefined
}

const shape = z.object({
  issuer: z.string().max(2048).optional().catch(undefined),
  expiresAt: z.number().optional().catch(undefined),
  refreshToken: z.string().optional().catch(undefined),
})

/** In order of server and account. */
export async function listLogins(store: { records(): AsyncIterable<KeptRecord> }): Promise<readonly Login[]> {
  const logins: Login[] = []
  for await (const { name, value, lastUsedAt, keptUntil } of store.records()) {
    const parts = parseTokenName(name)
    if (parts === undefined) continue
    const { issuer, expiresAt, refreshToken } = parse(value)
    const obtained = parts.kind
    logins.push({
      server: parts.server,
      account: parts.account,
      issuer: parts.issuer ?? issuer,
      obtained,
      expiresAt,
      // A program asks for another one whenever it needs one.
      renews: refreshToken !== undefined || obtained !== undefined,
      lastUsedAt,
      keptUntil,
    })
  }
  const key = ({ server, account, issuer = '' }: Login): string => JSON.stringify([server, account, issuer])
  return logins.sort((one, other) => (key(one) < key(other) ? -1 : 1))
}

function parse(value: string): z.infer<typeof shape> {
  try {
    return shape.parse(JSON.parse(value))
  } catch {
    return { issuer: undefined, expiresAt: undefined, refreshToken: undefined }
  }
}
