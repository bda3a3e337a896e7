/**
 * A server of the configuration as it was accepted once: how a command is started, or where a URL leads and what is sent there. Each as
 * the file has it, so that a path of this machine makes no difference on another.
 *
 * No secret is in it: of a value that is one, only that there is one. Pure.
 *
 * @module
 */

import { z } from 'zod'
import { argumentWithoutSecret, urlWithoutSecret, withoutSecret } from './without-secret.ts'

export interface WrittenLaunch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string | undefined
  /** By name: what the file has there, without the values of references. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly sandbox?: Readonly<Record<string, unknown>> | undefined
}

/** Whoever is at the URL gets the headers, and each person's token or secret; the issuer, that of the client. */
export interface WrittenEndpoint {
  readonly url: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly auth?: Readonly<Record<string, unknown>> | undefined
}

export type Written = WrittenLaunch | WrittenEndpoint

export const launchShape: { readonly [Key in keyof WrittenLaunch]-?: z.ZodType<WrittenLaunch[Key]> } = {
  command: z.string(),
  args: z.array(z.string()),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  sandbox: z.record(z.string(), z.unknown()).optional(),
}
export const endpointShape: { readonly [Key in keyof WrittenEndpoint]-?: z.ZodType<WrittenEndpoint[Key]> } = {
  url: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  auth: z.record(z.string(), z.unknown()).optional(),
}

export interface WritableEntry {
  readonly command?: string | undefined
  readonly args?: readonly (string | number)[] | undefined
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string | number | boolean>> | undefined
  readonly sandbox?: object | undefined
  readonly url?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly auth?: object | undefined
}

/** `entry`: a server's, as it is written. */
export function toWritten(entry: WritableEntry): Written {
  return entry.url === undefined ? toLaunch(entry) : toEndpoint(entry.url, entry)
}

function toLaunch({ command = '', args: given = [], cwd, env, sandbox }: WritableEntry): WrittenLaunch {
  const args = given.map(String)
  const variables = toKept(Object.entries(env ?? {}))
  return {
    command,
    args: args.map((arg, at) => argumentWithoutSecret(arg, args[at - 1])),
    ...(cwd === undefined ? {} : { cwd }),
    ...(variables && { env: variables }),
    ...(sandbox && { sandbox: sorted(sandbox) as Record<string, unknown> }),
  }
}

function toEndpoint(url: string, { headers, auth }: WritableEntry): WrittenEndpoint {
  const kept = toKept(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    url: urlWithoutSecret(url),
    ...(kept && { headers: kept }),
    ...(auth && { auth: sorted(withoutSecrets(auth)) as Record<string, unknown> }),
  }
}

function toKept(values: readonly (readonly [string, string | number | boolean])[]): Record<string, string> | undefined {
  return values.length === 0 ? undefined : Object.fromEntries(values.map(([name, value]) => [name, withoutSecret(name, String(value))]))
}

/** Everything else in it says who gets what, and is none whatever it is called. */
const withoutSecrets = (block: object): object =>
  Object.fromEntries(
    Object.entries(block).map(([key, value]) => [
      key,
      key === 'clientSecret' && typeof value === 'string' ? withoutSecret(key, value) : value,
    ]),
  )

/** In which order grants and scopes are written makes no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => [key, sorted(one)]),
  )
}
