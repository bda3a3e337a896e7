// A socket that is a file: whoever may connect there has whatever listens do it for them (docker.sock). It is no file to be read.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { said, startGateway } from '../support/gateway.ts'
import { createTempDir, mcp } from '../support/index.ts'

verifies('sandbox-net')

const SERVER = join(import.meta.dirname, '../fixtures/sandbox/attack-server.mjs')

test('a socket is not granted for reading, and can be for writing', needsBubblewrap, async () => {
  const temp = await createTempDir('sockets')
  chmodSync(temp.path, 0o755)
  const path = join(temp.path, 'daemon.sock')
  const daemon = createServer((socket) => socket.once('data', () => socket.end('at your service'))).listen(path)
  await once(daemon, 'listening')
  chmodSync(path, 0o777)
  const server = (sandbox: object): object => ({ command: process.execPath, args: [SERVER], sandbox })
  const gateway = await startGateway({ servers: { reads: server({ read: [path] }), writes: server({ write: [path] }), none: server({}) } })
  try {
    const client = mcp(gateway.url, { key: (await gateway.key()).key })
    const dial = (name: string) => client.call(`${name}__attack`, { attack: 'a unix socket', given: { unix: path } })
    assert.equal((await dial('none')).result.isError, true)
    assert.equal(said(await dial('writes')), 'at your service')
    assert.doesNotMatch(JSON.stringify((await dial('reads')).body), /at your service/)
    assert.match(gateway.log(), /is a socket: to connect is more than to read/)
  } finally {
    await gateway[Symbol.asyncDispose]()
    daemon.close()
    await temp.remove()
  }
})
