// A server made with `MCPServer` as its users make one, with everything that the official suite asks for.
//
//   node test/conformance/our-server.ts [--port N] [--data-dir DIR]   HTTP on loopback, no sign-in; prints {"url": …} when it listens
//                                       --auth                        the same with sign-in: callers need a key of that data directory
//   node test/conformance/our-server.ts --stdio                       over stdin and stdout

import { parseArgs } from 'node:util'
import { createTempDir } from '../support/index.ts'
import { createOurs } from './ours/index.ts'

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'data-dir': { type: 'string' },
    auth: { type: 'boolean', default: false },
    stdio: { type: 'boolean', default: false },
  },
})

const folder = flags['data-dir'] === undefined ? await createTempDir('conformance-server') : undefined
const server = createOurs({ port: Number(flags.port), dataDir: flags['data-dir'] ?? folder?.path, anonymous: !flags.auth && !flags.stdio })

async function stop(): Promise<void> {
  await server.close()
  await folder?.remove()
}

process.once('SIGTERM', stop)
process.once('SIGINT', stop)
if (flags.stdio) {
  await server.stdio()
  await stop()
} else {
  const { url } = await server.listen()
  console.log(JSON.stringify({ url }))
}
