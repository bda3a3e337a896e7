/** The block `listen` of the configuration, and the places elsewhere that say the port. @module */

import { resolve } from 'node:path'
import { z } from 'zod'
import type { Listen } from '../../server/index.ts'
import { type Env, expand } from './expand.ts'
import type { Findings } from './problems.ts'
import type { SourceFile } from './source-file.ts'

/** Where callers come in. Beyond loopback only with TLS, ours or a proxy's. */
export interface ListenEntry {
  port?: number | undefined
  host?: string | undefined
  path?: string | undefined
  publicUrl?: string | undefined
  behindProxy?: boolean | undefined
  proxy?:
    | {
        trustedAddresses?: string[] | undefined
        hops?: number | undefined
        clientCertificate?: { header: string; verified: boolean } | undefined
      }
    | undefined
  tls?:
    | 'local'
    | {
        cert: string
        key: string
        passphrase?: string | undefined
        ca?: string | undefined
        clientCertificates?: 'off' | 'any' | 'requested' | 'required' | undefined
      }
    | undefined
}

const PORT = 7777

const text = z.string().min(1).max(65_536)
const port = z.int().min(0).max(65_535)

const block: z.ZodType<ListenEntry> = z.strictObject({
  port: port.optional().describe(`Default ${PORT}; 0 takes any that is free.`),
  host: text.optional().describe('Default localhost: both loopback addresses. Any other needs tls, or behindProxy and publicUrl.'),
  path: text.optional().describe('The path of the MCP endpoint. Default /mcp.'),
  publicUrl: text.optional().describe('How people reach it, where that is not the address it listens on: https://mcp.example.com'),
  behindProxy: z.boolean().optional().describe('That a proxy in front ends TLS, and that nobody gets around it.'),
  proxy: z
    .strictObject({
      trustedAddresses: z.array(text).optional().describe('The proxies, as addresses or networks.'),
      hops: z.int().min(1).max(16).optional().describe('How many proxies stand in front, where their addresses change.'),
      clientCertificate: z
        .strictObject({
          header: text.describe(
            'The field: client-cert (RFC 9440), or one with escaped PEM. The proxy must remove it from what callers send.',
          ),
          verified: z.boolean().describe('Whether the proxy has checked who signed it.'),
        })
        .optional()
        .describe('Where the proxy writes the certificate of the caller.'),
    })
    .optional()
    .describe("Whose X-Forwarded-For is believed. Default: nobody's."),
  tls: z
    .union([
      z.literal('local'),
      z.strictObject({
        cert: text.describe('The certificate, in PEM: a file, read again when it changes.'),
        key: text.describe('Its key, in PEM.'),
        passphrase: text.optional().describe('Of the key. Use ${env:NAME} or ${file:PATH}.'),
        ca: text.optional().describe('Who signs the certificates of clients.'),
        clientCertificates: z
          .enum(['off', 'any', 'requested', 'required'])
          .optional()
          .describe('Whether clients bring certificates. Default off.'),
      }),
    ])
    .optional()
    .describe('TLS of our own; local: a certificate of this machine, made and renewed by itself.'),
})

export const listenSchema: z.ZodType<number | ListenEntry> = z.union([port, block])

/** All but the port, which may be said elsewhere too. */
export function listenOf(
  written: number | ListenEntry | undefined,
  source: SourceFile | undefined,
  env: Env,
  { problems }: Findings,
): Omit<Listen, 'port'> {
  if (typeof written !== 'object' || !source) return {}
  const { port: _, tls, publicUrl, ...rest } = written
  const value = (text: string, ...path: string[]): string => {
    const expanded = expand(text, env, source.dir)
    for (const problem of expanded.problems) problems.push(`${source.where(['listen', ...path])}: listen.${path.join('.')}: ${problem}`)
    return expanded.text
  }
  const file = (path: string, key: string): string => resolve(source.dir, value(path, 'tls', key))
  return {
    ...rest,
    ...(publicUrl === undefined ? {} : { publicUrl: value(publicUrl, 'publicUrl') }),
    ...(tls === undefined ? {} : { tls: tls === 'local' ? tls : toTls(tls) }),
  }

  function toTls({
    cert,
    key,
    passphrase,
    ca,
    clientCertificates,
  }: Exclude<ListenEntry['tls'], 'local' | undefined>): Exclude<Listen['tls'], 'local' | undefined> {
    return {
      cert: file(cert, 'cert'),
      key: file(key, 'key'),
      ...(passphrase === undefined ? {} : { passphrase: value(passphrase, 'tls', 'passphrase') }),
      ...(ca === undefined ? {} : { ca: file(ca, 'ca') }),
      ...(clientCertificates === undefined ? {} : { clientCertificates }),
    }
  }
}

/** `flag`: what `--port` says. */
export function portOf(written: number | ListenEntry | undefined, env: Env, flag: number | undefined, { problems }: Findings): number {
  let port = (typeof written === 'number' ? written : written?.port) ?? PORT
  const fromEnv = env['SALLYPORT_LISTEN'] || env['PORT']
  const variable = env['SALLYPORT_LISTEN'] ? 'SALLYPORT_LISTEN' : 'PORT'
  if (fromEnv) {
    // A host may be said, but not another than this machine.
    const [, given] = /^(?:(?:\[::1\]|localhost|127\.0\.0\.1):)?(\d{1,5})$/.exec(fromEnv) ?? []
    if (given === undefined) problems.push(`${variable}: must be a port, or localhost and a port: localhost:${PORT}`)
    port = Number(given ?? port)
  }
  port = flag ?? port
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(`${flag === undefined ? variable : '--port'}: must be a port, 0 to 65535`)
  return port
}
