/**
 * A page that a server asks to be opened (URL elicitation: 2026-07-28 and 2025-11-25 elicitation §URL mode). It is shown to the program as
 * it really is, with what is suspicious about it; it is neither fetched nor opened here, ever.
 *
 * Fails closed: what is no web address is declined without asking.
 *
 * @module
 */

import { isIP } from 'node:net'
import { domainToUnicode } from 'node:url'
import type { ElicitResult } from '@modelcontextprotocol/client'
import type { Log } from '../../core/index.ts'
import { classifyAddress, isLoopbackHost } from '../../net/index.ts'

export type UrlWarning =
  /** Its name has letters that may look like others: read it letter by letter. */
  | 'punycode'
  /** One name mixes alphabets. */
  | 'mixed-script'
  | 'not-https'
  /** It says a number in place of a name. */
  | 'ip-address'
  /** This computer or its network. */
  | 'local-address'
  /** What stands before the @ is not where it leads. */
  | 'user-info'
  /** Not where the server itself is. */
  | 'other-host'

export interface UrlQuestion {
  /** The server's words. */
  readonly message: string
  /** Whole, in plain ASCII: what an address bar would be given. Show all of it. */
  readonly url: string
  /** Where it leads, in plain ASCII, with a port where it has one. */
  readonly host: string
  readonly warnings: readonly UrlWarning[]
}

/** `accept`: the person agreed, and the page is or will be opened. */
export interface UrlAnswer {
  readonly action: 'accept' | 'decline' | 'cancel'
}
export type UrlHook = (question: UrlQuestion) => UrlAnswer | Promise<UrlAnswer>

export interface UrlAsked {
  readonly message: string
  readonly url: string
}

const MAX_URL = 8192

export async function answerUrl(hook: UrlHook, { message, url: text }: UrlAsked, host: string, log: Log): Promise<ElicitResult> {
  const url = text.length <= MAX_URL ? URL.parse(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    log('warn', `${host} asks to open what is no web address: declined`)
    return { action: 'decline' }
  }
  const { action } = await hook({ message, url: url.href, host: url.host, warnings: warningsOf(url, host) })
  // Nothing that the person sees there goes back this way.
  return { action }
}

function warningsOf(url: URL, serverHost: string): UrlWarning[] {
  const name = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const labels = name.split('.')
  const isAddress = isIP(name) !== 0
  const found: [UrlWarning, boolean][] = [
    ['punycode', labels.some((label) => label.startsWith('xn--'))],
    ['mixed-script', domainToUnicode(name).split('.').some(mixesScripts)],
    ['not-https', url.protocol !== 'https:'],
    ['ip-address', isAddress],
    ['local-address', isLoopbackHost(url.hostname) || (isAddress && classifyAddress(name) !== 'public')],
    ['user-info', url.username !== '' || url.password !== ''],
    ['other-host', url.host !== serverHost],
  ]
  return found.flatMap(([warning, holds]) => (holds ? [warning] : []))
}

/** Latin beside letters of another script: names of one language rarely need it, and look-alikes do. */
const mixesScripts = (label: string): boolean => /\p{Script=Latin}/u.test(label) && /(?!\p{Script=Latin})\p{L}/u.test(label)
