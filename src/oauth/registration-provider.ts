/** What registrations need of oidc-provider: its schema for a change, and a place in its answer. @module */

import { errors, type Provider } from 'oidc-provider'
import type { Payload } from './artifacts.ts'
import type { Refusal } from './refusal.ts'
import type { RegistrationManagement } from './registration-management.ts'

/** Puts into the answer to each registration how the client manages it. */
export function tellOfManagement(provider: Provider, management: RegistrationManagement): void {
  provider.use(async (ctx, next) => {
    await next()
    const { oidc, status, body } = ctx as { oidc?: { route?: string }; status: number; body?: unknown }
    if (oidc?.route !== 'registration' || status !== 201) return
    const registered = body as Payload
    Object.assign(registered, management.accessTo(String(registered['client_id'])))
  })
}

/** The metadata with its defaults, as the library keeps it, once it has passed the library's schema. */
export function completeMetadata(provider: Provider, metadata: Payload): Payload | Refusal {
  const Client = provider.Client as unknown as new (metadata: Payload) => { metadata(): Payload }
  try {
    return new Client(metadata).metadata()
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error
    return { error: error.error, description: error.error_description ?? 'the metadata is not valid' }
  }
}
