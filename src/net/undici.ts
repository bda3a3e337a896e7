/**
 * undici, loaded when something is first asked over HTTP: a gateway whose upstreams are processes of its own may not need it for long.
 *
 * By the files of what is used, not by its index: that loads `fetch`, WebSocket, caches and mocks besides, half of its time (50 ms) and
 * of its memory. The files are undici's own affair, so its version is pinned in package.json, and every test over HTTP comes by here.
 *
 * @module
 */

import { createRequire } from 'node:module'
import { once } from '../core/index.ts'

const require = createRequire(import.meta.url)

type Whole = typeof import('undici')
type Undici = Pick<Whole, 'Agent' | 'Client' | 'Pool' | 'buildConnector'>

export const undici: () => Undici = once(() => {
  const load = <Name extends keyof Whole>(path: string): Whole[Name] => require(`undici/lib/${path}.js`) as Whole[Name]
  const Dispatcher = load<'Dispatcher'>('dispatcher/dispatcher')
  // As its index does: without it a dispatcher has no `request`.
  Object.assign(Dispatcher.prototype, { request: require('undici/lib/api/api-request.js') as unknown })
  return {
    Agent: load<'Agent'>('dispatcher/agent'),
    Client: load<'Client'>('dispatcher/client'),
    Pool: load<'Pool'>('dispatcher/pool'),
    buildConnector: load<'buildConnector'>('core/connect'),
  }
})
