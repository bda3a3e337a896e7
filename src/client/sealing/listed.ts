/** What was listed of tools with encrypted fields, and whether there may be more of them. @module */

import type { Tool } from '@modelcontextprotocol/client'
import { canonicalJson } from '../../protocol/index.ts'
import { readTool, type SealedTool } from './definition.ts'

export interface ListedTools {
  /** Is told what the server lists, all of it or one page; answers what is shown. */
  learn<T extends Tool>(tools: readonly T[], isWhole: boolean): readonly T[]
  get(name: string): SealedTool | undefined
  /** Whether nobody has listed a tool of that name, so that it could be one. */
  isUnseen(name: string): boolean
  /** The server may list something else now. What was listed counts until it does. */
  changed(): void
}

export function createListedTools(): ListedTools {
  let tools = new Map<string, SealedTool>()
  /** Of a list that was only gone through in part. */
  const seen = new Set<string>()
  let isWholeSeen = false

  return {
    learn(listed, isWhole) {
      const here = new Map<string, SealedTool | undefined>()
      const shown = listed.map((each) => {
        const { tool, sealed } = readTool(each)
        here.set(each.name, ofTwo(here.get(each.name), sealed))
        return tool
      })
      const next = isWhole ? new Map<string, SealedTool>() : tools
      // A tool that is gone may still be called.
      if (isWhole) for (const [name, sealed] of tools) if (!here.has(name)) next.set(name, sealed)
      for (const [name, sealed] of here) {
        if (sealed) next.set(name, sealed)
        else next.delete(name)
        if (!isWhole) seen.add(name)
      }
      isWholeSeen ||= isWhole
      tools = next
      return shown
    },
    get: (name) => tools.get(name),
    isUnseen: (name) => !isWholeSeen && !seen.has(name),
    changed() {
      isWholeSeen = false
      seen.clear()
    },
  }
}

/** Of two tools of one name the one that is encrypted; where both are, and differ, nobody is believed. */
function ofTwo(one: SealedTool | undefined, other: SealedTool | undefined): SealedTool | undefined {
  if (!one || !other) return one ?? other
  return canonicalJson(one) === canonicalJson(other) ? one : { ...one, offer: undefined }
}
