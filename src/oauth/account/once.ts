/** A form that makes something which is shown once is good once: sent again, by a reload, it would make another that nobody asked for. @module */

import { createId } from '../../core/index.ts'
import type { Counters } from '../../storage/index.ts'
import type { Visit } from './visit.ts'

const KEPT_SECONDS = 43_200

/** For the hidden field `once`. */
export const newOnce = (): string => createId('', 20)

/** True the first time that the form is sent in this session. */
export async function isFirst(counters: Counters, { form, session }: Visit): Promise<boolean> {
  const once = (form.get('once') ?? '').slice(0, 64)
  return counters.takeOnce(`account-form:${JSON.stringify([session.id, once])}`, KEPT_SECONDS)
}
