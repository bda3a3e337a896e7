/**
 * A client of the benchmark, in a process of its own: `node client.ts sallyport|sdk URL PACKAGE`. It connects, calls the tool once and says so
 * with a line on stdout; then each line `CONCURRENCY SECONDS` on stdin is a slice of calls, and is answered with what it came to.
 *
 * `PACKAGE`: where `MCPClient` is imported from.
 *
 * @module
 */

import { createInterface } from 'node:readline'

/** What one slice came to. */
export interface Slice {
  readonly calls: number
  readonly seconds: number
  /** Of this process, with all its threads, for a call. */
  readonly cpuMicroseconds: number
}

type Call = (text: string) => Promise<string | undefined>
type Result = { readonly content: readonly { readonly type: string; readonly text?: string }[] }
const textOf = ({ content }: Result): string | undefined => content[0]?.text

async function connectOurs(serverUrl: string, from: string): Promise<Call> {
  const { MCPClient } = (await import(from)) as typeof import('../../src/client/index.ts')
  const client = new MCPClient({ serverUrl })
  return async (text) => textOf((await client.callTool('echo', { text })) as Result)
}

async function connectSdk(serverUrl: string): Promise<Call> {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client')
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(serverUrl)))
  return async (text) => textOf((await client.callTool({ name: 'echo', arguments: { text } })) as Result)
}

const [who, serverUrl = '', from = ''] = process.argv.slice(2)
const call = who === 'sdk' ? await connectSdk(serverUrl) : await connectOurs(serverUrl, from)
let count = 0

/** An answer that is not its own is worth no figure. */
async function callOnce(): Promise<void> {
  const text = `text ${++count}`
  const answer = await call(text)
  if (answer !== text) throw new Error(`answered ${answer} to ${text}`)
}

async function run(concurrency: number, seconds: number): Promise<Slice> {
  const before = { count, cpu: process.cpuUsage(), at: performance.now() }
  const until = before.at + seconds * 1000
  const lane = async (): Promise<void> => {
    while (performance.now() < until) await callOnce()
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  const { user, system } = process.cpuUsage(before.cpu)
  const calls = count - before.count
  return { calls, seconds: (performance.now() - before.at) / 1000, cpuMicroseconds: (user + system) / calls }
}

await callOnce()
process.stdout.write('{"url":"client:"}\n')
process.once('SIGTERM', () => process.exit(0))
for await (const line of createInterface({ input: process.stdin })) {
  const [concurrency = 1, seconds = 1] = line.split(' ').map(Number)
  process.stdout.write(`${JSON.stringify(await run(concurrency, seconds))}\n`)
}
process.exit(0)
