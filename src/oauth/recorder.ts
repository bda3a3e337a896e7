/** What the authorization server puts on record: who signed in, what was allowed to whom, and what was refused. No secrets. @module */

import type { IncomingMessage } from 'node:http'
import type { Provider } from 'oidc-provider'
import { createId } from '../core/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import type { Settings } from './options.ts'
import { plain } from './pages/index.ts'

export type Occurrence = Pick<AuditRecord, 'decision' | 'reason' | 'action'> & Partial<AuditRecord>
export type Recorder = (request: IncomingMessage | undefined, occurrence: Occurrence) => void

export function createRecorder({ audit, clock, addressOf, issuer }: Settings): Recorder {
  return (request, occurrence) =>
    audit({
      id: createId('dec_'),
      at: clock(),
      transport: 'http',
      address: request && addressOf(request),
      issuer,
      durationMs: 0,
      ...occurrence,
    })
}

interface Context {
  readonly req: IncomingMessage
  readonly oidc?: {
    readonly client?: { readonly clientId: string; readonly clientName?: string | undefined }
    readonly params?: Record<string, unknown>
  }
}

/** What an error of the provider may say: its code and description. Its detail too, unless it has a cause, whose message quotes what could not be read. */
interface Refusal {
  readonly error?: string
  readonly error_description?: string
  readonly error_detail?: string
  readonly cause?: unknown
}

/** Puts the provider's events on record. `log` gets what broke. */
export function recordEvents(provider: Provider, record: Recorder, { log }: Settings): void {
  const on = (event: string, listener: (context: Context, subject: unknown) => void) =>
    // Typed event by event, and each of ours reads only what it checks.
    (provider.on as (name: string, listener: (...args: never[]) => void) => void)(event, listener as (...args: never[]) => void)

  const refused = (action: string) => (context: Context, error: unknown) => {
    const { error: reason = 'server_error', error_description: sentence, error_detail: detail, cause } = error as Refusal
    record(context.req, {
      decision: 'deny',
      reason,
      action,
      sentence: short(sentence),
      clientId: short(context.oidc?.client?.clientId ?? context.oidc?.params?.['client_id']),
      clientName: short(context.oidc?.client?.clientName),
      facts: defined({ grant_type: short(context.oidc?.params?.['grant_type']), detail: cause === undefined ? short(detail) : undefined }),
    })
  }
  on('grant.error', refused('token'))
  on('revocation.error', refused('revoke'))
  on('introspection.error', refused('introspect'))
  on('pushed_authorization_request.error', refused('par'))
  for (const event of ['device_authorization', 'code_verification', 'device_resume']) on(`${event}.error`, refused('device'))
  on('registration_create.error', refused('client.register'))
  on('authorization.error', (context, error) => {
    // A person's Deny is on record as a consent.
    if ((error as Refusal).error !== 'access_denied') refused('authorize')(context, error)
  })
  // What a person has allowed is on record as a consent; what nobody is asked for is on record here.
  on('grant.success', ({ req, oidc }) => {
    if (oidc?.params?.['grant_type'] !== 'client_credentials') return
    const { clientId, clientName } = oidc.client ?? {}
    const granted = short(oidc.params['scope'])?.split(' ') ?? []
    const about = { clientId, clientName: short(clientName), subject: clientId }
    record(req, { decision: 'allow', reason: 'allowed', action: 'token', ...about, facts: { grant_type: 'client_credentials', granted } })
  })
  // At the client's wish, or because a code or refresh token came back that was used before.
  on('grant.revoked', (context, grant) => {
    const clientId = short(context.oidc?.client?.clientId)
    record(context.req, { decision: 'allow', reason: 'allowed', action: 'grant.revoke', clientId, facts: defined({ grant: short(grant) }) })
  })
  on('registration_create.success', (context, client) => {
    const { clientId, clientName, redirectUris } = client as { clientId: string; clientName?: string; redirectUris?: string[] }
    record(context.req, {
      decision: 'allow',
      reason: 'allowed',
      action: 'client.register',
      clientId,
      clientName: short(clientName),
      facts: { redirect_uris: (redirectUris ?? []).slice(0, 5).map((uri) => short(uri) as string) },
    })
  })
  on('server_error', (context, error) => {
    record(context.req, { decision: 'error', reason: 'crashed', action: 'authorization-server', cause: causeOf(error) })
    log('error', 'the authorization server failed', { cause: causeOf(error) })
  })
  // Koa prints what nobody listens for.
  on('error', (error) => log('error', 'the authorization server failed', { cause: causeOf(error) }))
}

/** Name and place, not the message: it may quote what it was given. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return `${error.name} ${frames.slice(0, 3).join(' ').replace(/\s+/g, ' ')}`.trim()
}

/** What somebody else wrote: on one line, without what drives a terminal or is not seen, and not long. */
const short = (value: unknown): string | undefined => (typeof value === 'string' ? plain(value.slice(0, 400), 200) : undefined)

function defined(facts: Record<string, string | undefined>): AuditRecord['facts'] {
  const known = Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return known.length === 0 ? undefined : Object.fromEntries(known)
}
