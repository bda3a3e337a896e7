/**
 * The name in the first message of TLS (server_name, RFC 6066 §3), read without opening anything. Where it is encrypted (ECH, RFC 9849) it
 * is the outer name, which is what the host's front sees too.
 *
 * Fails closed: what is not exactly a ClientHello is `malformed`, and a name that is said twice is none.
 *
 * @module
 */

export type ClientHello =
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed' }
  /** `name`: in lower case; undefined where it says none. */
  | { readonly kind: 'hello'; readonly name: string | undefined }

const MORE: ClientHello = { kind: 'more' }
const MALFORMED: ClientHello = { kind: 'malformed' }

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
/** RFC 8446 §5.1. */
const MAX_RECORD = 16_384
/** With every post-quantum share and an encrypted inner message: a few kilobytes. */
const MAX_HELLO = 32_768
/** In ever smaller pieces it would be ever more work to read. */
const MAX_RECORDS = 64

/** `bytes`: all that came so far. */
export function readClientHello(bytes: Buffer): ClientHello {
  const fragments: Buffer[] = []
  let have = 0
  let need: number | undefined
  for (let at = 0; need === undefined || have < need; ) {
    if (bytes.length < at + 5) return MORE
    const size = bytes.readUInt16BE(at + 3)
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3 || size === 0 || size > MAX_RECORD || fragments.length === MAX_RECORDS)
      return MALFORMED
    if (bytes.length < at + 5 + size) return MORE
    fragments.push(bytes.subarray(at + 5, at + 5 + size))
    have += size
    at += 5 + size
    if (need === undefined && have >= 4) {
      const head = Buffer.concat(fragments)
      need = 4 + head.readUIntBE(1, 3)
      if (head[0] !== CLIENT_HELLO || need > MAX_HELLO) return MALFORMED
    }
  }
  try {
    return { kind: 'hello', name: nameIn(Buffer.concat(fragments).subarray(4, need)) }
  } catch {
    // A length that leads out of what is there.
    return MALFORMED
  }
}

/** @throws {RangeError} where it is not as RFC 8446 §4.1.2 has it. */
function nameIn(hello: Buffer): string | undefined {
  const reader = createReader(hello)
  reader.take(2 + 32)
  reader.take(reader.uint(1)) // session id
  reader.take(reader.uint(2)) // cipher suites
  reader.take(reader.uint(1)) // compression
  if (reader.left() === 0) return undefined
  const extensions = createReader(reader.take(reader.uint(2)))
  if (reader.left() !== 0) throw new RangeError()
  let found: string | undefined
  while (extensions.left() > 0) {
    const type = extensions.uint(2)
    const body = extensions.take(extensions.uint(2))
    if (type !== SERVER_NAME) continue
    if (found !== undefined) throw new RangeError()
    found = hostIn(body)
  }
  return found
}

/** A list by its form; of one name, since there is no other kind (RFC 6066 §3). */
function hostIn(body: Buffer): string {
  const list = createReader(body)
  if (list.uint(2) !== list.left() || list.uint(1) !== 0) throw new RangeError()
  const name = list.take(list.uint(2))
  if (list.left() !== 0 || name.length === 0 || !/^[\x21-\x7e]+$/.test(name.toString('latin1'))) throw new RangeError()
  return name.toString('latin1').toLowerCase()
}

interface Reader {
  left(): number
  uint(bytes: 1 | 2): number
  take(bytes: number): Buffer
}

function createReader(from: Buffer): Reader {
  let at = 0
  function take(bytes: number): Buffer {
    if (at + bytes > from.length) throw new RangeError()
    at += bytes
    return from.subarray(at - bytes, at)
  }
  return { left: () => from.length - at, uint: (bytes) => take(bytes).readUIntBE(0, bytes), take }
}
