import type { AddressInfo } from 'node:net'
import { checkMounted } from '../mounted.ts'
import { check } from '../support.ts'
import { app, server } from './server.ts'

const listening = app.listen(0, 'localhost')
const close = async (): Promise<void> => {
  await server.close()
  listening.close()
  listening.closeAllConnections()
}
await check('express: the app and the server side by side', close, async () => {
  await new Promise((resolve) => listening.once('listening', resolve))
  await checkMounted(`http://localhost:${(listening.address() as AddressInfo).port}`)
})
