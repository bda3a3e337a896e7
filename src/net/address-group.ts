/** Whose address it is, for a budget: all that one machine has for the asking counts as one. @module */

/** Loopback is one machine: all of 127.0.0.0/8 and ::1. An IPv6 host has a /64 to itself, and an IPv4 address may be written as IPv6. */
export function addressGroup(address: string): string {
  const plain = address.toLowerCase().replace(/%.*$/, '')
  const inner = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(plain)?.[1] ?? plain
  if (inner === '::1' || /^127(?:\.\d{1,3}){3}$/.test(inner)) return 'loopback'
  if (!inner.includes(':') || inner.includes('.')) return inner
  const [head = '', tail] = inner.split('::')
  const front = head.split(':').filter(Boolean)
  const back = (tail ?? '').split(':').filter(Boolean)
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  const block = [...front, ...zeros, ...back].slice(0, 4).map((part) => part.replace(/^0+(?=.)/, ''))
  return `${block.join(':')}::/64`
}
