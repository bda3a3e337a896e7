import type { AddressInfo } from 'node:net'
import { checkMounted } from '../mounted.ts'
import { check } from '../support.ts'
import { app, server } from './server.ts'

const close = async (): Promise<void> => {
  await server.close()
  app.close()
  app.closeAllConnections()
}
await check('node-http: the app and the server side by side', close, async () => {
  await new Promise<void>((resolve) => app.listen(0, 'localhost', resolve))
  await checkMounted(`http://localhost:${(app.address() as AddressInfo).port}`)
})
