// Stands in for the web browser that a client opens: signs the test person in on our pages, allows what was asked, and follows the last redirect to the client that is waiting on loopback.
//
// Called by a fake `xdg-open` with the URL to open. Whatever happens is appended to SALLYPORT_TEST_LOG: clients throw away what
// their browser prints.

import { appendFileSync } from 'node:fs'
import { signIn } from '../support/browser.ts'

const required = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}
const log = (text: string): void => appendFileSync(required('SALLYPORT_TEST_LOG'), `${text}\n`)

try {
  const url = new URL(process.argv[2] ?? '')
  log(`opened ${url.origin}${url.pathname} for scope=${url.searchParams.get('scope')}`)
  log(`asked ${JSON.stringify(Object.fromEntries(url.searchParams))}`)
  const person = { name: required('SALLYPORT_TEST_NAME'), password: required('SALLYPORT_TEST_PASSWORD') }
  const callback = new URL(await signIn(url.href, person))
  const answer = await fetch(callback)
  log(`returned to ${callback.origin}${callback.pathname}: ${answer.status}`)
} catch (error) {
  log(`failed: ${(error as Error).stack}`)
  process.exitCode = 1
}
