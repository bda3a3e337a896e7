// Preloaded into a program that serves HTTP (`node --import …`): writes every secret that comes in or goes out over it to the file that
// SECRETS_TAP names, a JSON string a line. It changes nothing that passes.

import { appendFileSync } from 'node:fs'
import { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'

const file = process.env['SECRETS_TAP']
const seen = new Set()
function note(value) {
  if (typeof value !== 'string' || value.length < 12 || seen.has(value)) return
  seen.add(value)
  appendFileSync(file, `${JSON.stringify(value)}\n`)
}

const members =
  /^(access_token|refresh_token|id_token|client_secret|registration_access_token|device_code|code|code_verifier|password|again|assertion|client_assertion|subject_token|key)$/
const headers = ['authorization', 'x-api-key', 'dpop']

function noteHeaders(given) {
  for (const name of headers) {
    const value = [given[name]].flat()[0]
    if (value !== undefined) note(String(value).replace(/^\w+ /, ''))
  }
  for (const line of [given['cookie'] ?? [], given['set-cookie'] ?? []].flat())
    for (const pair of String(line).split(/; */)) note(pair.slice(pair.indexOf('=') + 1))
  const location = given['location']
  if (location !== undefined) noteQuery(String(location).split('?')[1] ?? '')
}
function noteQuery(text) {
  for (const [name, value] of new URLSearchParams(text)) if (members.test(name)) note(value)
}
function noteBody(text, type = '') {
  if (/urlencoded/.test(type)) return noteQuery(text)
  if (!/json/.test(type)) return
  try {
    JSON.parse(text, (name, value) => {
      if (members.test(name)) note(value)
      return value
    })
  } catch {
    // Not JSON after all.
  }
}

function watch(request, response) {
  noteHeaders(request.headers)
  noteQuery(request.url.split('?')[1] ?? '')
  const asked = []
  const { push } = request
  request.push = function (chunk, ...rest) {
    if (chunk) asked.push(Buffer.from(chunk))
    else noteBody(Buffer.concat(asked).toString(), request.headers['content-type'])
    return push.call(this, chunk, ...rest)
  }
  const told = []
  for (const name of ['write', 'end']) {
    const own = response[name]
    response[name] = function (chunk, ...rest) {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) told.push(Buffer.from(chunk))
      return own.call(this, chunk, ...rest)
    }
  }
  response.on('finish', () => {
    noteHeaders(response.getHeaders())
    noteBody(Buffer.concat(told).toString(), String(response.getHeader('content-type') ?? 'json'))
  })
}

for (const { prototype } of [Server, TlsServer]) {
  const { emit } = prototype
  prototype.emit = function (event, ...args) {
    if (event === 'request') watch(args[0], args[1])
    if (event === 'upgrade') noteHeaders(args[0].headers)
    return emit.call(this, event, ...args)
  }
}
