import type { AddressInfo } from 'node:net'
import { checkMounted } from '../mounted.ts'
import { check } from '../support.ts'
import { app, server } from './server.ts'

const close = async (): Promise<void> => {
  await server.close()
  await app.close()
}
await check('fastify: the app and the server side by side', close, async () => {
  await app.listen({ port: 0, host: 'localhost' })
  await checkMounted(`http://localhost:${(app.server.address() as AddressInfo).port}`)
})
