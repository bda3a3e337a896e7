import { createGateway, loadConfig } from './src/gateway/index.ts'
import { createRedactor, systemClock } from './src/core/index.ts'
import { spawn } from 'node:child_process'
const c = spawn('node', ['node_modules/@modelcontextprotocol/server-everything/dist/index.js','streamableHttp'], { env: { ...process.env, PORT: '38911' }, stdio: ['ignore','ignore','pipe'] })
await new Promise(r => setTimeout(r, 1500))
const config = loadConfig({ cwd: '/tmp', env: {}, target: { url: 'http://127.0.0.1:38911/mcp' } })
const gw = createGateway({ servers: config.servers, redactor: createRedactor(), clock: systemClock, lockFile: '/tmp/g_none/sallyport.lock', serverInfo: { name: 'sallyport', version: '0' }, log: (l, m, f) => console.log(l, m, f ?? '') })
await gw.start(); console.table(gw.status())
const e = gw.entries().find(x => x.name === 'trigger-long-running-operation')!
const call = (name: string, args: any, meta: any = {}, cancel?: any) => { const entry = gw.entries().find(x => x.name === name)!; return entry.executor.execute({ entry, method: 'tools/call', params: { name, arguments: args }, request: { message: { meta }, onCancel: (l: any) => cancel && setTimeout(l, cancel) }, deadlineAt: Date.now() + 10000, notify: (n: any) => console.log(JSON.stringify(n)) } as any) }
console.log(JSON.stringify(await call('echo', { message: 'x' })))
console.log(JSON.stringify(await call('trigger-long-running-operation', { duration: 1, steps: 2 }, { progressToken: 'a' })))
console.log(JSON.stringify(await call('trigger-long-running-operation', { duration: 5, steps: 2 }, { progressToken: 'a' }, 300)))
const t0 = performance.now(); for (let i = 0; i < 500; i++) await call('echo', { message: 'x' }); console.log('500 echo', performance.now() - t0)
await gw.close(); c.kill()
