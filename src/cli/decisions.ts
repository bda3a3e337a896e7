/**
 * How a decision reads on the command line: one row in a list, or the whole of it with what would have allowed it. What clients
 * and upstreams put into it comes out as text that is safe in a line. Pure.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { type AuditRecord, targetOf } from '../storage/index.ts'
import { shown, shownShort } from './shown.ts'

/** `notes.read_file` for a use of it; what was done, and to what, for everything else. */
export function nameOfTarget({ server, target, action, facts }: AuditRecord): string {
  // A host is no part of a server.
  if (action === 'sandbox.connect') return shownShort(`${action} ${server ?? String(facts?.['program'])} → ${target ?? 'many'}`)
  const name = targetOf({ server, target })
  return shownShort(name === undefined || action === 'tools/call' ? (name ?? action) : `${action} ${name}`)
}

export const nameOfSubject = ({ subject }: AuditRecord): string => (subject === undefined ? 'nobody' : shownShort(subject))

/** Host and client as they call themselves; the id is what was verified. */
export function nameOfClient({ clientName, clientId }: AuditRecord): string {
  if (clientName && clientId) return `${shownShort(clientName)} (${shownShort(clientId)})`
  return shownShort(clientName ?? clientId ?? '')
}

/** ` ×480` for a record that stands for so many equal refusals. */
export const timesOf = ({ repeated = 1 }: AuditRecord): string => (repeated > 1 ? ` ×${repeated}` : '')

/** `12:02:02` today, with the date before. UTC, as everywhere. */
export function timeOf(at: number, now: number): string {
  const text = new Date(at).toISOString()
  return text.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? text.slice(11, 19) : `${text.slice(0, 10)} ${text.slice(11, 19)}`
}

/** What would have to change for the same request to be allowed: each a thing that somebody can do. Empty where it was allowed. */
export const wouldAllow = (record: AuditRecord): string[] => advice(record).map(shown)

function advice(record: AuditRecord): string[] {
  if (record.decision === 'allow') return []
  const facts = record.facts ?? {}
  const fact = (name: string): string => String(facts[name])
  switch (record.reason) {
    case 'unauthenticated':
      return ['sign in, or send a key: sallyport key create --name … --scope tools:read']
    case 'insufficient_scope':
    case 'not_permitted':
      return [...missingScopes(record), ...missingRoles(record)]
    case 'unknown_name':
      return record.server !== undefined && facts['grantedServers'] !== undefined && !list(facts['grantedServers']).includes(record.server)
        ? [`a key for this server too: sallyport key create --name … --server ${record.server}`]
        : facts['access'] === 'denied'
          ? [`a rule that does not say \`deny\`, in place of ${record.rule ?? 'the one that matched'}`]
          : facts['access'] === 'private'
            ? [`being one of the clients or users that ${record.rule ?? 'the rule'} names`]
            : ['a name that the server has: see its list']
    case 'condition_not_met':
      return [`arguments for which this holds: ${facts['condition'] === undefined ? 'the rule of its tool' : fact('condition')}`]
    case 'missing_capability':
    case 'input_refused':
      return ['a client that can be asked, and a person who answers']
    case 'approval_required':
      return [`a rule other than \`ask\`, in place of ${record.rule ?? 'the one that matched'}`]
    case 'rate_limited':
      return [`waiting ${fact('retryAfterSeconds')} s, or a higher limit for each ${fact('policy')}`]
    case 'invalid_arguments':
      return [`arguments that satisfy the tool's schema: ${fact('path')} ${fact('rule')}`]
    case 'encryption_required':
      return [
        'a client that encrypts what is marked: MCPClient, or sallyport call. Each of its connections is refused once, to agree on a key',
      ]
    case 'sealed_value_refused':
      return [
        'a value that the client seals anew, for this tool, field and caller: docs/payload-encryption.md says what each problem means',
      ]
    case 'body_too_large':
    case 'result_too_large':
      return [`less than ${fact('limitBytes')} bytes`]
    case 'flow_spent':
      return [`a flow that has not had its ${fact('limitTokens')} tokens of results: in ${fact('retryAfterSeconds')} seconds`]
    case 'invalid_result':
      return [`a server that answers what it promises: ${fact('path')} ${fact('rule')}`]
    case 'not_connected':
      return ['an account or a secret of the caller’s own: their account page, under connections']
    case 'upstream_unavailable':
      return ['a guarded server that runs: see the log of guard, or sallyport doctor']
    case 'deadline_exceeded':
      return ['a call that ends in time, or a longer deadline']
    case 'sandbox_refused':
      // Whether it was granted nothing, or another host, is not in this record.
      return record.facts?.['permission'] === 'net'
        ? [
            'a sandbox in which that host and port is granted: sallyport audit search --action sandbox.connect lists which, where any is; see docs/sandbox.md',
          ]
        : [`a sandbox in which ${fact('permission')} is granted: see docs/sandbox.md`]
    case 'sandbox_stopped':
      return [`a call that needs less (${fact('why')}), or a higher limit of its sandbox`]
    case 'destination_not_granted':
      return [`this host and port among what its sandbox is granted: net: [${record.target}], or --allow-net ${record.target}`]
    case 'blocked_address':
      return ['a name that leads to public addresses; an address of this machine or of a private network is granted as what it is']
    case 'name_mismatch':
      return ['TLS or HTTP that names the host which it is connected to: docs/sandbox.md says what is looked at']
    case 'malformed_request':
    case 'too_many_connections':
    case 'name_not_found':
    case 'unreachable':
      return ['a program that connects as docs/sandbox.md has it, to a host that is there']
    case 'forbidden_host':
    case 'forbidden_origin':
      return ['the address that guard prints, from a page that it allows']
    case 'overloaded':
      return ['asking again: when there is less to do, or when the issuer of the token can be asked again']
    case 'unknown_session':
      return ['initializing again']
    case 'cancelled':
      return ['a caller that waits for the answer']
    case 'crashed':
      return [`nothing that the caller can do: ${faultOf(record)}`]
    default:
      return record.sentence === undefined ? [] : ['a request that keeps to the protocol: see the sentence above']
  }
}

/** Two folders up from src/cli in a checkout and from dist/cli in the package. */
const OURS = fileURLToPath(new URL('../../', import.meta.url)).replaceAll('\\', '/')
const FRAME = /^ {4}at (?:.*\(|async )?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*:\d+):\d+\)?$/

/** What the record of a tool's module ends with, in place of a stack (`server/definitions/module-executor.ts`). */
const MODULE = /^ {4}in the module (.+)$/

/** Where the function is that threw: the first place of the stack that is neither ours, nor Node's, nor a package's. Or its module. */
function faultOf({ target, cause = '' }: AuditRecord): string {
  const lines = cause.split('\n')
  const module = MODULE.exec(lines.at(-1) ?? '')?.[1]
  if (module !== undefined) return `a fault of the tool's own code, in its module ${module}: see the cause`
  for (const line of lines) {
    const place = FRAME.exec(line)?.[1]
      ?.replaceAll('\\', '/')
      .replace(/^file:\/\/(?:\/(?=[A-Za-z]:))?/, '')
    if (place === undefined || place.includes('/node_modules/')) continue
    if (!place.startsWith(`${OURS}src/`) && !place.startsWith(`${OURS}dist/`)) return `a fault of the tool's own code, at ${place}`
  }
  return target === undefined ? 'a fault of sallyport' : "a fault of the tool's own code, or of sallyport: see the cause"
}

function missingScopes({ facts, credential, subject, clientId }: AuditRecord): string[] {
  const missing = lacking(lacking(facts?.['neededScopes'], facts?.['grantedScopes']), facts?.['impliedScopes'])
  if (missing.length === 0) return []
  const flags = missing.map((scope) => `--scope ${scope}`).join(' ')
  return [
    credential === 'key'
      ? `a key that has it: sallyport key create --name … ${flags}`
      : credential === 'local'
        ? `granting ${missing.join(', ')} to the local user: localScopes of a server in code, "local" in sallyport.yaml`
        : credential === 'token' && subject !== undefined && subject === clientId
          ? `a token that has ${missing.join(', ')}, of a client that is registered for it`
          : `signing in again and granting ${missing.join(', ')}`,
  ]
}

function missingRoles({ facts, credential, subject }: AuditRecord): string[] {
  const needed = list(facts?.['neededRoles'])
  if (needed.length === 0 || needed.some((role) => list(facts?.['grantedRoles']).includes(role))) return []
  // A person's own key has the roles of their account.
  const isKeyAlone = credential === 'key' && (subject === undefined || subject.startsWith('spk_'))
  return [`the role ${needed.join(' or ')}: sallyport ${isKeyAlone ? 'key create … --role' : 'user roles … --add'} ${needed[0]}`]
}

const list = (fact: unknown): readonly string[] => (Array.isArray(fact) ? (fact as string[]) : [])
const lacking = (needed: unknown, granted: unknown): string[] => list(needed).filter((one) => !list(granted).includes(one))
