/**
 * That an operator vouches for a client: for its name and for where it sends people, as both were then. A client may change what it
 * registered, and the owner of a document may change that; then nobody has vouched for what it is now (fails closed). Pure.
 *
 * @module
 */

import { hash } from 'node:crypto'
import type { Payload } from './artifacts.ts'

export interface Approval {
  readonly by: string
  readonly at: number
  /** What was approved (`approvable`). */
  readonly of: string
}

/** What of a client an operator has looked at. */
const approvable = ({ client_name: name, redirect_uris: uris, grant_types: grants }: Payload): string =>
  hash('sha256', JSON.stringify([name ?? null, sorted(uris), sorted(grants)]), 'base64url')

const sorted = (list: unknown): string[] => (Array.isArray(list) ? list.map(String).sort() : [])

export const approvalOf = (metadata: Payload, by: string, at: number): Approval => ({ by, at, of: approvable(metadata) })

/** `lapsed`: what was approved is not what the client is now. */
export type ApprovalInfo = Pick<Approval, 'by' | 'at'> & { readonly lapsed: boolean }

export const toApprovalInfo = (approval: Approval | undefined, metadata: Payload): ApprovalInfo | undefined =>
  approval && { by: approval.by, at: approval.at, lapsed: approval.of !== approvable(metadata) }
