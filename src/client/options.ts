/** What a client is made from. Strict: every problem is named at once, never a value. @module */

import { z } from 'zod'
import { type Clock, checkOptions, type Log } from '../core/index.ts'
import { isLoopbackHost, type Lookup } from '../net/index.ts'
import { headerName, headers } from './connection/header-options.ts'
import type { InputHooks } from './connection/input-hooks.ts'
import type { ServerLogEntry } from './connection/server-log.ts'
import { argument, checkTransport } from './connection/transport-options.ts'
import { fn } from './function-option.ts'
import { type EncryptionOptions, encryption } from './sealing/encryption-options.ts'
import { credential, type OAuth2Options, oauth2, text } from './sign-in/auth-options.ts'
import { clientCredentials, enterprise, type MachineOptions, workload } from './sign-in/machine-options.ts'
import { isTokenStore } from './store/open-token-store.ts'
import type { TokenStore } from './store/token-store.ts'
import type { TrustOptions } from './trusted/reports.ts'
import type { ToolCallHook } from './trusted/tool-call.ts'
import { onToolCall, trust } from './trusted/trust-options.ts'

export interface ApiKeyOptions {
  readonly type: 'api_key'
  readonly apiKey: string
  /** The header that it goes in, such as `x-api-key`; `Authorization: Bearer` unless told. */
  readonly header?: string | undefined
}

/** Options for {@link MCPClient}. */
export interface MCPClientOptions {
  /** Where the server is: https or wss, or plain on this computer. Without a path, `/mcp` is tried too. This, or `command`. */
  readonly serverUrl?: string | undefined
  /** A server to start, over its pipes: a program, not a line for a shell. */
  readonly command?: string | undefined
  /** What the command is started with. */
  readonly args?: readonly string[] | undefined
  /** What it finds in its environment besides the few variables that every program needs: nothing else of ours is inherited. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Where it runs; the current folder unless told. */
  readonly cwd?: string | undefined
  /** `stdio` where there is a command, `websocket` where the URL begins with ws, else `http`. */
  readonly transport?: 'http' | 'websocket' | 'stdio' | undefined
  /** Without it the server is asked without a credential. */
  readonly auth?: OAuth2Options | ApiKeyOptions | MachineOptions | undefined
  /** Further headers for every request to the server's own endpoint, and to nobody else. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Where sign-ins, and the definitions that were seen first, are kept; in memory unless told, since a web application with many people must not share one by accident. */
  readonly tokenStore?: 'memory' | 'file' | 'keychain' | TokenStore | undefined
  /** The folder that `file` and `keychain` keep them in; that of the platform unless told. */
  readonly dataDir?: string | undefined
  /** Whose sign-in it is, where a machine has several at one server. */
  readonly account?: string | undefined
  /** What the server is told about the program. */
  readonly clientInfo?: { readonly name: string; readonly version: string } | undefined
  /** Answers what a server may ask in the middle of a call. What has no hook is not offered to servers. */
  readonly onInput?: InputHooks | undefined
  /** What becomes of what the server says of its tools: of a definition that is another than at first, and of one that looks poisoned. */
  readonly trust?: TrustOptions | undefined
  /** Whom the client believes about the keys of encrypted fields. They are encrypted without it, too: then whoever is seen first is believed. */
  readonly encryption?: EncryptionOptions | undefined
  /** Is asked before each call of a tool, and sees all of it; anything but true, and the call is not made. */
  readonly onToolCall?: ToolCallHook | undefined
  /** Is told what the server writes to its log; how much that is, `setLogLevel` says. */
  readonly onLog?: ((entry: ServerLogEntry) => void) | undefined
  /** Certificate authorities in PEM, besides those of Node and of NODE_EXTRA_CA_CERTS. */
  readonly ca?: string | readonly string[] | undefined
  /** How long one request may take; 60 unless told. Progress that is listened to starts it anew, ten times at most. */
  readonly requestTimeoutSeconds?: number | undefined
  /** The largest message that is read; 64 MiB unless told. */
  readonly maxMessageBytes?: number | undefined
  /** From which size on a text among a call's arguments is warned of, since a reference should carry it; 32 KiB unless told, 0: never. */
  readonly largeArgumentBytes?: number | undefined
  /** Hosts, by name, that may have addresses of this machine or of a private network. */
  readonly dangerouslyAllowPrivateHosts?: readonly string[] | undefined
  /** Warnings go to stderr unless told. */
  readonly log?: Log | undefined
  readonly clock?: Clock | undefined
  /** How names are resolved; as Node does unless told. */
  readonly lookup?: Lookup | undefined
}

const client: z.ZodType<MCPClientOptions> = z
  .strictObject({
    serverUrl: z
      .string()
      .max(2048)
      .refine(isServerUrl, 'must be an https or wss URL, or a plain one on loopback, without user name and fragment')
      .optional(),
    command: argument.min(1).optional(),
    args: z.array(argument).max(1000).optional(),
    env: z.record(z.string().regex(/^[^=\0]{1,256}$/), argument).optional(),
    cwd: argument.min(1).optional(),
    transport: z.enum(['http', 'websocket', 'stdio']).optional(),
    headers: headers.optional(),
    auth: z
      .discriminatedUnion('type', [
        oauth2,
        z.strictObject({ type: z.literal('api_key'), apiKey: credential, header: headerName.optional() }),
        clientCredentials,
        enterprise,
        workload,
      ])
      .optional(),
    tokenStore: z
      .union([
        z.enum(['memory', 'file', 'keychain']),
        z.custom<TokenStore>(isTokenStore, 'must be "memory", "file", "keychain" or a store with read, write, remove and exclusively'),
      ])
      .optional(),
    dataDir: argument.min(1).optional(),
    // A half of a character is written as any other half: two accounts would be one.
    account: text.refine((value) => value.isWellFormed(), 'must be well-formed text').optional(),
    clientInfo: z.strictObject({ name: text, version: text }).optional(),
    onInput: z
      .strictObject({
        elicitation: fn<NonNullable<InputHooks['elicitation']>>().optional(),
        url: fn<NonNullable<InputHooks['url']>>().optional(),
        sampling: fn<NonNullable<InputHooks['sampling']>>().optional(),
        roots: fn<NonNullable<InputHooks['roots']>>().optional(),
      })
      .optional(),
    trust: trust.optional(),
    encryption: encryption.optional(),
    onToolCall: onToolCall.optional(),
    onLog: fn<(entry: ServerLogEntry) => void>().optional(),
    ca: z.union([pem(), z.array(pem()).min(1)]).optional(),
    requestTimeoutSeconds: z.number().min(0.001).max(86_400).optional(),
    maxMessageBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 * 1024)
      .optional(),
    largeArgumentBytes: z
      .int()
      .min(0)
      .max(64 * 1024 * 1024)
      .optional(),
    dangerouslyAllowPrivateHosts: z.array(z.string().regex(/^[a-z0-9._:[\]-]{1,253}$/, 'must be a host name in lower case')).optional(),
    log: fn<Log>().optional(),
    clock: fn<Clock>().optional(),
    lookup: fn<Lookup>().optional(),
  })
  .superRefine(checkTransport)

export const checkClientOptions = (input: unknown): Readonly<MCPClientOptions> => checkOptions('client', client, input as MCPClientOptions)

function pem() {
  return z.string().refine((value) => value.includes('-----BEGIN CERTIFICATE-----'), 'must be the text of a certificate in PEM, not a path')
}

function isServerUrl(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || url.username !== '' || url.password !== '' || value.includes('#')) return false
  if (url.protocol === 'https:' || url.protocol === 'wss:') return true
  return (url.protocol === 'http:' || url.protocol === 'ws:') && isLoopbackHost(url.hostname)
}
