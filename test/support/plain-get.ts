/** A GET with any header, `Host` too, which `fetch` writes itself. */

import { type IncomingHttpHeaders, request } from 'node:http'

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export function plainGet(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, agent: false }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    })
      .on('error', reject)
      .end()
  })
}
