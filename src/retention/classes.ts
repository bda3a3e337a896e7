/**
 * Every class of data that is kept: what it is, how long, where, and whether an operator may set that. `docs/retention.md` is this table
 * with words around it, and a test holds both together; `docs/storage-schema.md` has the fields.
 *
 * @module
 */

import type { RecordKind } from '../storage/index.ts'

export interface DataClass {
  readonly what: string
  /** A span of time, where it is one. */
  readonly lifetime: string
  /** The kinds of record, or the file, that it is in. */
  readonly kept: readonly (RecordKind | 'audit')[]
  /** The option that sets its lifetime. */
  readonly option?: string
  /** Whether all of it may be forgotten at once: what can be made or asked for again. */
  readonly forgettable?: boolean
  /** Whether some of it is a person's, so that theirs alone can be. */
  readonly personal?: boolean
}

export type ClassName =
  | 'accounts'
  | 'sessions'
  | 'links'
  | 'keys'
  | 'grants'
  | 'tokens'
  | 'registrations'
  | 'crossings'
  | 'connections'
  | 'secrets'
  | 'upstreamClients'
  | 'legacySessions'
  | 'tasks'
  | 'contents'
  | 'statistics'
  | 'inventories'
  | 'signs'
  | 'auditArguments'
  | 'auditRecords'
  | 'signingKeys'
  | 'dataKeys'
  | 'forgettings'

export const classes: Readonly<Record<ClassName, DataClass>> = {
  accounts: {
    what: 'Accounts, with passkeys, one-time codes and who vouches for them.',
    lifetime: 'until they are removed',
    kept: ['account', 'identity', 'passkey', 'second_factor'],
    personal: true,
  },
  sessions: { what: 'Who is signed in at a browser.', lifetime: '12h', kept: ['browser_session'], forgettable: true },
  links: {
    what: 'One-time links: setup, invitations, new passwords.',
    lifetime: '10m, 3d, 1h',
    kept: ['one_time_link'],
    forgettable: true,
  },
  keys: { what: 'API keys.', lifetime: 'until 30d after they have ended', kept: ['api_key'], personal: true },
  grants: { what: 'What people have allowed clients.', lifetime: 'as long as it was granted for', kept: ['grant'], forgettable: true },
  tokens: {
    what: 'Codes, refresh tokens, sign-ins under way, and which proofs were used.',
    lifetime: 'each its own: a code 60s, a session 12h',
    kept: ['oauth_artifact'],
    forgettable: true,
  },
  registrations: {
    what: 'Clients, and the documents of those that are described at a URL.',
    lifetime: '1h until somebody allows it something; then 366d, or 90d for a document, after its last token',
    kept: ['client', 'client_document'],
  },
  crossings: {
    what: 'Sign-ins at identity providers and guarded servers that are under way.',
    lifetime: '10m',
    kept: ['provider_crossing', 'connection_attempt'],
    forgettable: true,
  },
  connections: {
    what: "People's own accounts at guarded servers.",
    lifetime: '180d after the last use',
    kept: ['connection'],
    forgettable: true,
  },
  secrets: {
    what: 'Secrets that guarded servers are handed by name.',
    lifetime: "a person's own 366d after the last use; else until they are removed",
    kept: ['named_secret'],
    personal: true,
  },
  upstreamClients: {
    what: 'As what a gateway is registered at guarded servers.',
    lifetime: '366d',
    kept: ['upstream_client'],
    forgettable: true,
  },
  legacySessions: {
    what: 'What sessions of legacy revisions have set, and which have ended.',
    lifetime: '14d',
    kept: ['session_setting', 'ended_session'],
    forgettable: true,
  },
  tasks: {
    what: 'Calls that are tasks, with arguments and results.',
    lifetime: '1m after their time is up',
    kept: ['task'],
    forgettable: true,
  },
  contents: {
    what: 'Results that were too large to send, and what clients have put here to refer to it.',
    lifetime: '1h, or as long as the client says up to 24h',
    kept: ['stored_result', 'kept_resource', 'stored_part'],
    option: 'results.keepSeconds',
    forgettable: true,
  },
  statistics: {
    what: 'How much was sent and saved, by tool and day; of nobody.',
    lifetime: '400d',
    kept: ['statistic'],
    forgettable: true,
  },
  inventories: {
    what: 'Which tools of a server in code run in a sandbox: names of tools.',
    lifetime: '90d after the last start',
    kept: ['inventory'],
    forgettable: true,
  },
  signs: {
    what: 'What stands behind the signs that were sent in place of personal data.',
    lifetime: '30d after the last use',
    kept: ['personal_token'],
    option: 'personal.tokenDays',
    forgettable: true,
  },
  auditArguments: {
    what: 'Arguments beside the audit record, where they are kept.',
    lifetime: '30d',
    kept: ['audit_arguments'],
    option: 'retention.auditArguments',
    forgettable: true,
  },
  auditRecords: { what: 'The record of every decision.', lifetime: '400d', kept: ['audit'], option: 'retention.auditRecords' },
  signingKeys: { what: 'Keys that sign access tokens.', lifetime: '25h after the next one signs', kept: ['secret'] },
  dataKeys: { what: 'Data keys, each wrapped by the master key.', lifetime: 'until what they seal is forgotten', kept: ['data_key'] },
  forgettings: { what: 'What is being forgotten at this moment.', lifetime: 'until that is done', kept: ['forgetting'] },
}

/** The class that a kind of record belongs to. */
export function classOf(kind: RecordKind): ClassName | undefined {
  return (Object.keys(classes) as ClassName[]).find((name) => classes[name].kept.includes(kind))
}
