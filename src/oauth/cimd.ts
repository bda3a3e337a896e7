/**
 * Client ID Metadata Documents as a whole: whether they are taken, whether that is told to clients, and where they come from.
 *
 *   off   never: such a client id stands for nobody, and nothing is fetched
 *   on    always
 *   auto  told while this machine gets out to the internet. Documents are taken all the same: one that is kept serves without it
 *
 * @module
 */

import type { Clock, Log } from '../core/index.ts'
import type { GuardedFetch } from '../net/index.ts'
import type { Counters } from '../storage/index.ts'
import type { ClientCopies } from './cimd-copies.ts'
import { type ClientDocuments, createClientDocuments } from './cimd-documents.ts'
import { createEgress, type EgressOptions } from './cimd-egress.ts'

export const cimdModes = ['auto', 'on', 'off'] as const
export type CimdMode = (typeof cimdModes)[number]

export interface Cimd {
  /** Whether the metadata says so (`client_id_metadata_document_supported`). */
  isOffered(): boolean
  readonly documents: ClientDocuments | undefined
  close(): void
}

export interface CimdParts {
  readonly mode: CimdMode
  readonly copies: ClientCopies
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Log
  readonly fetch: GuardedFetch
  readonly egress?: Omit<EgressOptions, 'fetch' | 'onChange'> | undefined
}

export function createCimd({ mode, copies, counters, clock, log, fetch, egress: options }: CimdParts): Cimd {
  if (mode === 'off') return { isOffered: () => false, documents: undefined, close: () => {} }
  const documents = createClientDocuments({ copies, counters, clock, fetch })
  if (mode === 'on') return { isOffered: () => true, documents, close: () => {} }
  const egress = createEgress({ ...options, fetch, onChange: (isOpen) => log('debug', isOpen ? OPEN : SHUT) })
  return { isOffered: egress.isOpen, documents, close: egress.close }
}

const OPEN = 'clients may come with a description at a URL of theirs (CIMD): this machine reaches the internet'
const SHUT = 'clients register themselves here (DCR): this machine does not reach the internet, where their descriptions would be (CIMD)'
