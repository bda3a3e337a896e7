/** Where nothing behind this server needs anything of a person's own. @module */

import type { Connections } from '../../people/index.ts'

const none = { problem: 'There is nothing to connect with.' }

export const noConnections: Connections = Object.freeze({
  list: async () => [],
  begin: async () => none,
  finish: async () => none,
  setSecret: async () => none,
  end: async () => false,
})
