/** The cheap stdio upstream without anything in front of it: so many requests in flight over its pipes. @module */

import { fileURLToPath } from 'node:url'
import { start } from './child.ts'
import type { Load } from './load.ts'
import { percentile } from './statistics.ts'

const upstream = fileURLToPath(new URL('../peers/cheap-stdio.ts', import.meta.url))
const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'echo', arguments: {} } }
const most = 5_000_000

/** @throws if the upstream ends or answers wrongly. */
export async function runStdio(inFlight: number, warmUpSeconds: number, seconds: number): Promise<Load> {
  const { child, stop } = await start({ args: [upstream], stdio: true })
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('no pipes')
  const sentAt = new Map<number, number>()
  const times: number[] = []
  const measureFrom = performance.now() + warmUpSeconds * 1000
  const until = measureFrom + seconds * 1000
  let lastId = 0
  let rest = ''
  const send = (): void => {
    sentAt.set(++lastId, performance.now())
    stdin.write(`${JSON.stringify({ ...call, id: lastId })}\n`)
  }

  const finished = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the upstream ended')))
    stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      const now = performance.now()
      if (now > until) return resolve()
      for (const line of lines) {
        const { id, result } = JSON.parse(line)
        const at = sentAt.get(id)
        if (at === undefined || result?.content?.[0]?.text !== 'hi') return reject(new Error('the upstream answered wrongly'))
        sentAt.delete(id)
        if (at >= measureFrom && times.length < most) times.push((now - at) * 1000)
        send()
      }
    })
  })
  try {
    for (let index = 0; index < inFlight; index++) send()
    await finished
  } finally {
    stdout.removeAllListeners('data').resume()
    await stop()
  }
  const sorted = Float64Array.from(times).sort()
  return { requestsPerSecond: times.length / seconds, requests: times.length, p50: percentile(sorted, 50), p99: percentile(sorted, 99) }
}
