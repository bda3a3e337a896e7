/**
 * What is kept of a value that may be a secret: as little of it as makes it none. Everything else of it is kept, since what is not kept
 * could be changed, and nobody would be asked: where a secret is sent to, which command is run for it. Pure.
 *
 * @module
 */

import { secretsIn } from '../secrets/secrets-in.ts'

const HIDDEN = '(a secret)'
const REFERENCE = /\$\{[^}]*\}/g
/** Says how a secret is got, and is none. */
const TELLS_HOW = /(?:^|[-_])(?:command|cmd|exec|helper|program|script|process)$/i

export function withoutSecret(name: string, value: string): string {
  const told = value.replace(/(\$\{(?:env:)?(\w+):-)([^}]*)\}/g, (_, before: string, referred: string, instead: string) => {
    const isSecret = isOne(name, instead) || isOne(referred, instead)
    return `${before}${isSecret ? HIDDEN : instead}}`
  })
  // What refers to a value says nothing of it.
  const literal = value.replace(REFERENCE, '')
  return TELLS_HOW.test(name) || !isOne(name, literal) ? told : (ofUrl(told) ?? hidden(told))
}

/** Which other value is sent along with it is none. */
const hidden = (text: string): string => HIDDEN + (text.match(REFERENCE) ?? []).join('')

const isOne = (name: string, value: string): boolean => secretsIn(name, value).length > 0

/** Where it leads: what comes behind may be what lets one in. */
function ofUrl(value: string): string | undefined {
  const [, scheme, access, host, rest] = /^([a-z][a-z0-9+.-]*:\/\/)([^/\s@]*@)?([^/?#\s@]+)([/?#]\S*)?$/i.exec(value) ?? []
  if (scheme === undefined || host === undefined) return undefined
  return `${scheme}${access === undefined ? '' : `${hidden(access)}@`}${host}${rest === undefined || rest === '/' ? '' : `/${hidden(rest)}`}`
}

/** `--token=…`, `-e NAME=…`, `--header 'Authorization: …'`, or the value behind its flag. */
export function argumentWithoutSecret(arg: string, before = ''): string {
  const [, head = '', name] =
    /^(--?([\w-]+)=)/.exec(arg) ?? /^(([A-Za-z_][\w.-]*)=)/.exec(arg) ?? /^(([A-Za-z][\w-]*): *)(?!\/\/)/.exec(arg) ?? []
  const kept = name === undefined ? arg : head + withoutSecret(name, arg.slice(head.length))
  const [, flag] = /^--?([\w-]+)$/.exec(before) ?? []
  return kept !== arg || flag === undefined || arg.startsWith('-') ? kept : withoutSecret(flag, arg)
}

/** Where it leads is kept, and of its query what is no secret. */
export function urlWithoutSecret(url: string): string {
  return url.replace(/([?&])([^=&#]*)=([^&#]*)/g, (_, before: string, name: string, value: string) => {
    return `${before}${name}=${withoutSecret(decoded(name), value)}`
  })
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
