/**
 * Checks of TLS: what a server offers to whoever connects, what our own would be served with, and whether this process verifies anything.
 * A handshake for each version, with nothing sent over it.
 *
 * @module
 */

import { isIP } from 'node:net'
import type { Config } from '../../gateway/index.ts'
import {
  appraise,
  type Handshake,
  isCertificateProblem,
  isVerificationOff,
  loadTls,
  nameOf,
  SOON_DAYS,
  shakeHands,
  type Weakness,
} from '../../net/index.ts'
import { type Finding, ok, problem, warning } from './check.ts'

const NAME = 'tls'
const CURRENT = ['TLSv1.3', 'TLSv1.2'] as const
const OLD = ['TLSv1.1', 'TLSv1'] as const

export function checkVerification(env: Readonly<Record<string, string | undefined>>): Finding[] {
  if (!isVerificationOff(env)) return []
  const fix = 'unset it; trust an authority of your own with NODE_EXTRA_CA_CERTS=FILE'
  return [problem('environment', 'NODE_TLS_REJECT_UNAUTHORIZED is 0: Node believes every certificate', fix)]
}

/** `url`: of any https server. Nothing is found of a plain one. */
export async function checkTls(url: string, now: number = Date.now()): Promise<Finding[]> {
  const { protocol, hostname: host, port: written } = URL.parse(url) ?? {}
  if (protocol !== 'https:' || host === undefined) return []
  const port = Number(written || 443)
  const where = `${host}:${port}`
  const tries = [...CURRENT, ...OLD].map(async (version) => ({ version, shook: await shakeHands({ host, port, version }) }))
  const spoken = (await Promise.all(tries))
    .filter(({ shook }) => shook.done || isCertificateProblem(shook.code))
    .map(({ version }) => version)
  const shook = await shakeHands({ host, port })
  const current = CURRENT.filter((version) => spoken.includes(version))
  const findings = OLD.filter((version) => spoken.includes(version)).map((version) =>
    problem(NAME, `${where} still speaks ${wordOf(version)}`, 'switch it off at the server, or at what ends TLS there (RFC 8996)'),
  )
  if (!shook.done) return [...findings, refused(where, host, shook.code)]
  if (!current.includes('TLSv1.3'))
    findings.push(warning(NAME, `${where} does not speak TLS 1.3`, 'switch it on at the server, or at what ends TLS there'))
  const weak = appraise(shook.chain, now).map((found) => weakness(where, found))
  findings.push(...weak)
  return [...findings, ok(NAME, `${where} speaks ${current.map(wordOf).reverse().join(' and ')}; ${endOf(shook, now, weak.length === 0)}`)]
}

/** Every https server that the configuration names, once. */
export async function checkConfiguredTls(config: Config, now: number = Date.now()): Promise<Finding[]> {
  const { servers, auth, listen } = config
  const urls = [
    ...servers.flatMap(({ target, auth: own }) => [
      ...('url' in target ? [target.url] : []),
      ...(own && 'issuer' in own && own.issuer !== undefined ? [own.issuer] : []),
    ]),
    auth?.issuer,
    auth?.jwksUri,
    ...(auth?.trustedIssuers ?? []).flatMap(({ issuer, jwksUri }) => [issuer, jwksUri]),
    ...(auth?.signIn ?? []).map(({ issuer }) => issuer),
  ]
  const origins = new Set(urls.flatMap((url) => (url === undefined ? [] : [URL.parse(url)?.origin ?? ''])))
  const found = await Promise.all([...origins].map((origin) => checkTls(origin, now)))
  return [...checkOwnTls(listen, now), ...found.flat()]
}

/** What we would serve with. */
export function checkOwnTls({ tls, host, publicUrl }: Config['listen'], now: number = Date.now()): Finding[] {
  const name = 'own tls'
  if (tls === undefined) return []
  if (tls === 'local') return [ok(name, 'a certificate of this machine, made and renewed by itself')]
  const loaded = loadTls(tls)
  if ('problems' in loaded) return loaded.problems.map((text) => problem(name, text, 'correct listen.tls in sallyport.yaml'))
  const [own, next] = loaded.chain
  if (own === undefined) return []
  const findings = appraise(loaded.chain, now).map((found) => ({ ...weakness('listen.tls.cert', found), name }))
  const called = publicUrl === undefined ? host : URL.parse(publicUrl)?.hostname
  if (called !== undefined && !['0.0.0.0', '::'].includes(called) && !isFor(own, called))
    findings.push(problem(name, `the certificate is for other names than ${called}`, `have one made that names ${called}`))
  if (own.issuer === own.subject)
    findings.push(
      warning(name, 'the certificate is signed by itself: clients refuse it', 'use one of an authority, or tls: local for this machine'),
    )
  else if (next === undefined)
    findings.push(
      warning(
        name,
        'the file has the certificate of the server alone: clients that do not know its issuer refuse it',
        'put what lies between it and its root behind it in the same file (fullchain.pem)',
      ),
    )
  else if (!own.checkIssued(next))
    findings.push(
      problem(
        name,
        'the second certificate in the file has not signed the first',
        'put them in order: each is signed by the one behind it',
      ),
    )
  return [...findings, ok(name, `the key belongs to the certificate of ${nameOf(own)}; it ends in ${daysTo(own.validToDate, now)} days`)]
}

const isFor = (
  certificate: { checkHost(name: string): string | undefined; checkIP(ip: string): string | undefined },
  called: string,
): boolean => {
  const bare = called.replace(/^\[|\]$/g, '')
  return (isIP(bare) === 0 ? certificate.checkHost(bare) : certificate.checkIP(bare)) !== undefined
}

const wordOf = (version: string): string => `TLS ${version === 'TLSv1' ? '1.0' : version.slice(4)}`
const daysTo = (end: Date, now: number): number => Math.floor((end.getTime() - now) / (24 * 3_600_000))
const endOf = ({ chain: [own] }: Extract<Handshake, { done: true }>, now: number, isGood: boolean): string =>
  own === undefined
    ? 'its certificate is not shown'
    : `its certificate ${isGood ? 'is good, and ' : ''}ends in ${daysTo(own.validToDate, now)} days`

function weakness(where: string, found: Weakness): Finding {
  const whose = `the certificate of ${found.name}`
  switch (found.kind) {
    case 'ended':
      return problem(NAME, `${where}: ${whose} has ended`, 'renew it')
    case 'ends_soon':
      return warning(
        NAME,
        `${where}: ${whose} ends in ${found.days} days`,
        `renew it; what renews by itself does so before ${SOON_DAYS} days`,
      )
    case 'weak_key':
      return problem(NAME, `${where}: ${whose} has a weak key (${found.found})`, 'make one with RSA of 2048 bits or more, or with P-256')
    case 'weak_signature':
      return problem(NAME, `${where}: ${whose} is signed with ${found.found}`, 'have one made that is signed with SHA-256')
  }
}

/** What a caller is refused with, in words. */
function refused(where: string, host: string, code: string): Finding {
  const [found, fix] = reasonOf(host, code)
  return problem(NAME, `${where}: ${found} (${code})`, fix)
}

const TRUST = 'where the authority is your own, name it in NODE_EXTRA_CA_CERTS'

function reasonOf(host: string, code: string): readonly [string, string] {
  if (code === 'CERT_HAS_EXPIRED') return ['its certificate has ended', 'renew it at the server']
  if (code === 'CERT_NOT_YET_VALID') return ['its certificate is not valid yet', 'compare the clocks of both sides']
  if (/ALTNAME|HOSTNAME_MISMATCH/.test(code))
    return [`its certificate is for other names than ${host}`, `use a name that the certificate has, or have one made that names ${host}`]
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    return ['its certificate is signed by itself', 'have one made by an authority, or name it in NODE_EXTRA_CA_CERTS']
  if (code === 'SELF_SIGNED_CERT_IN_CHAIN') return ['its certificate is of an authority that nobody knows here', TRUST]
  if (code.startsWith('UNABLE_TO_'))
    return [
      'the chain of its certificate does not lead to a known authority',
      `serve what lies between it and its root, too (fullchain.pem); ${TRUST}`,
    ]
  if (code === 'KEY_TOO_SMALL') return ['a key in its chain is too small', 'make one with RSA of 2048 bits or more, or with P-256']
  if (code === 'MD_TOO_WEAK') return ['a certificate in its chain is signed with SHA-1 or MD5', 'have one made that is signed with SHA-256']
  if (/HANDSHAKE_FAILURE$|^ERR_SSL_DH_KEY/.test(code))
    return ['no cipher could be agreed on', 'let it offer ECDHE with AES-GCM or ChaCha20-Poly1305']
  if (/^ERR_SSL|^EPROTO/.test(code))
    return ['no TLS 1.2 or 1.3 could be agreed on', 'switch one of them on at the server, or correct the port']
  return ['no connection', 'start it, or correct the address']
}
