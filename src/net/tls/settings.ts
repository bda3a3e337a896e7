/**
 * What TLS a server speaks, as it is written, and what Node is given for it. Read from files or from PEM text; everything that
 * is wrong is said before anything is served, and nothing of a key is ever in what is said.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { z } from 'zod'

/** Options for TLS. Each of `cert`, `key` and `ca` is a file, or PEM text. */
export interface TlsOptions {
  /** The server's certificate, with what lies between it and its root. */
  readonly cert: string
  readonly key: string
  readonly passphrase?: string | undefined
  /** Who signs the certificates of clients. Nobody else's count, however well known. */
  readonly ca?: string | undefined
  /**
   * `required`: whoever brings no certificate that `ca` has signed is never heard. `requested`: whoever brings one must bring a
   * good one. `any`: also one that nobody has signed, for clients that are registered with their certificate; it is worth
   * nothing else. Off unless told. A certificate is no sign-in: a token or key is needed all the same.
   */
  readonly clientCertificates?: 'off' | 'any' | 'requested' | 'required' | undefined
}

const pem = z.string().min(1, 'must be a file, or PEM text')

export const tlsSchema: z.ZodType<TlsOptions> = z
  .strictObject({
    cert: pem,
    key: pem,
    passphrase: z.string().optional(),
    ca: pem.optional(),
    clientCertificates: z.enum(['off', 'any', 'requested', 'required']).optional(),
  })
  .superRefine(({ ca, clientCertificates = 'off' }, context) => {
    const isAsked = clientCertificates !== 'off'
    if (isAsked && clientCertificates !== 'any' && ca === undefined)
      context.addIssue({ code: 'custom', path: ['ca'], message: 'is needed to know whose client certificates count' })
    if (!isAsked && ca !== undefined)
      context.addIssue({ code: 'custom', path: ['ca'], message: 'has no effect unless clientCertificates is "requested" or "required"' })
  })

/** The files among the options: what has to be looked at for changes. */
export const filesOf = ({ cert, key, ca }: TlsOptions): readonly string[] =>
  [...new Set([cert, key, ca])].filter((each) => each !== undefined && !isPem(each)) as string[]

export interface LoadedTls {
  readonly context: SecureContextOptions
  /** What is served: the server's own first. */
  readonly chain: readonly X509Certificate[]
  /** When the certificate ends, in milliseconds since the epoch. */
  readonly endsAt: number
}

/** What to serve with, or what is wrong, a line each. */
export function loadTls(options: TlsOptions): LoadedTls | { readonly problems: readonly string[] } {
  const problems: string[] = []
  const texts = { cert: read('cert'), key: read('key'), ca: read('ca') }
  if (problems.length > 0) return { problems }
  const cert = attempt('cert: is not a certificate in PEM', () => new X509Certificate(texts.cert as string))
  const key = attempt(keyProblem(options), () => createPrivateKey({ key: texts.key as string, passphrase: options.passphrase }))
  if (texts.ca !== undefined) attempt('ca: is not a certificate in PEM', () => new X509Certificate(texts.ca as string))
  if (cert && key && !cert.checkPrivateKey(key)) problems.push('tls.key: does not belong to the certificate')
  if (!cert || problems.length > 0) return { problems }
  const context: SecureContextOptions = {
    ...(texts as { cert: string; key: string }),
    ca: texts.ca,
    passphrase: options.passphrase,
    // Whatever the process was started with (RFC 8996: what is older is not to be spoken).
    minVersion: 'TLSv1.2',
  }
  attempt('cert: cannot be served', () => createSecureContext(context), reasonOf)
  return problems.length > 0 ? { problems } : { context, chain: chainIn(texts.cert as string), endsAt: cert.validToDate.getTime() }

  function read(name: 'cert' | 'key' | 'ca'): string | undefined {
    const given = options[name]
    if (given === undefined || isPem(given)) return given
    try {
      return readFileSync(given, 'utf8')
    } catch (error) {
      problems.push(`tls.${name}: ${given} cannot be read (${(error as NodeJS.ErrnoException).code})`)
      return undefined
    }
  }
  function attempt<T>(problem: string, action: () => T, more: (error: unknown) => string = () => ''): T | undefined {
    try {
      return action()
    } catch (error) {
      problems.push(`tls.${problem}${more(error)}`)
      return undefined
    }
  }
}

/** In OpenSSL's words, which name no part of a key: ` (KEY_TOO_SMALL)`.. */
function reasonOf(error: unknown): string {
  const reason = ((error as NodeJS.ErrnoException).code ?? '').replace(/^ERR_(?:OSSL|SSL)_/, '')
  if (/KEY_TOO_SMALL|MD_TOO_WEAK/.test(reason)) return ` (${reason}): make one with RSA of 2048 bits or more, or P-256, signed with SHA-256`
  return reason && ` (${reason})`
}

/** Whatever it is that stands beside certificates in the file is OpenSSL's to judge. */
const chainIn = (text: string): X509Certificate[] =>
  [...text.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([pem]) => new X509Certificate(pem))

const isPem = (text: string): boolean => text.includes('-----BEGIN ')

const keyProblem = ({ passphrase }: TlsOptions): string =>
  passphrase === undefined
    ? 'key: is not a private key in PEM, or needs a passphrase'
    : 'key: is not a private key in PEM, or the passphrase is another'
