/**
 * The ids of tasks on our wire: sealed, and good for nobody but the principal who started the task (tasks extension §security).
 * What is inside says which tool the task came from, so that every use of it is authorized like a call of that tool, and any node
 * can tell.
 *
 * @module
 */

import { type Principal, principalKey, type TaskId } from '../core/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface TaskIds {
  seal(principal: Principal, id: TaskId): string
  /** Undefined for what is no task of this principal's. */
  open(principal: Principal, taskId: string): TaskId | undefined
}

const PLACE = 'task-id'
const MAX_CHARACTERS = 8_192

export function createTaskIds(keyRing: KeyRing): TaskIds {
  return {
    seal: (principal, id) => keyRing.seal(JSON.stringify({ ...id, owner: principalKey(principal) }), PLACE),
    open(principal, taskId) {
      const text = taskId.length > MAX_CHARACTERS ? undefined : keyRing.open(taskId, PLACE)?.toString('utf8')
      if (text === undefined) return undefined
      const { owner, tool, inner } = JSON.parse(text) as TaskId & { readonly owner: string }
      return owner === principalKey(principal) ? { tool, inner } : undefined
    },
  }
}
