/** What a block that was made for Claude, Cursor or VS Code brings along, and what has no effect here. @module */

import { isObject } from '../../protocol/index.ts'
import type { SourceFile } from './source-file.ts'

/** What other programs keep in a server's entry and we have no use for. */
const FOREIGN_SERVER_KEYS = [
  'alwaysAllow',
  'autoApprove',
  'description',
  'dev',
  'envFile',
  'gallery',
  'note',
  'timeout',
  'trust',
  'version',
]

/** Drops, with a warning, what a pasted block brings along. */
export function withoutForeign(source: SourceFile, warnings: string[]): unknown {
  const { value } = source
  if (!isObject(value)) return value
  const kept: Record<string, unknown> = { ...value }
  if ('inputs' in kept) {
    delete kept['inputs']
    warnings.push(`${source.where(['inputs'])}: inputs: nobody is asked for values here; use \${env:NAME}`)
  }
  for (const block of ['servers', 'mcpServers']) {
    const servers = kept[block]
    if (!isObject(servers)) continue
    kept[block] = Object.fromEntries(
      Object.entries(servers).map(([name, entry]) => {
        if (!isObject(entry)) return [name, entry]
        const dropped = FOREIGN_SERVER_KEYS.filter((key) => key in entry)
        for (const key of dropped)
          warnings.push(`${source.where([block, name, key])}: ${block}.${name}.${key}: is another program's and has no effect here`)
        return [name, Object.fromEntries(Object.entries(entry).filter(([key]) => !dropped.includes(key)))]
      }),
    )
  }
  return kept
}
