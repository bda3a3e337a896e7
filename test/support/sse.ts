// The JSON-RPC messages of one HTTP answer, as they arrive: the one message of a JSON body, or each event of a stream.

import type { IncomingMessage } from 'node:http'

/** A message as a test looks at it: only what it names is checked by the test itself. */
export type Json = any

export async function* readMessages(response: IncomingMessage): AsyncGenerator<Json> {
  if (!(response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
    const body = await readText(response)
    if (body !== '') yield parse(body)
    return
  }
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    rest += (chunk as string).replaceAll('\r\n', '\n')
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const data = eventData(rest.slice(0, end))
      rest = rest.slice(end + 2)
      if (data !== '') yield parse(data)
    }
  }
}

const eventData = (event: string): string =>
  event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n')

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** An answer that is not JSON (an HTML page, say) is still shown to the test, as text. */
function parse(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
