import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { findFreePort } from '../../test/support/paths.ts'
import { checkMounted } from '../mounted.ts'
import { check } from '../support.ts'

const port = await findFreePort()
process.env['PORT'] = String(port)
const { app, server } = await import('./server.ts')

let listening: Server | undefined
const close = async (): Promise<void> => {
  await server.close()
  listening?.close()
  listening?.closeAllConnections()
}
await check('hono: the app and the server side by side', close, async () => {
  await new Promise((resolve) => {
    listening = serve({ fetch: app.fetch, port, hostname: 'localhost' }, resolve) as Server
  })
  await checkMounted(`http://localhost:${port}`)
})
