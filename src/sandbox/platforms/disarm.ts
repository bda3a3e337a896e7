/**
 * What Node's own permissions leave open is refused in its JavaScript, before a line of the program has run: signals to other
 * processes (SIGUSR1 opens a debugger in whoever gets it: in us), and the network where none was granted. A seat belt: code that
 * digs in Node's insides gets around it, and `missing` says so.
 *
 * Nothing of this file is imported inside: the text of the function is handed to Node as a module (`--import`), so that it is the
 * same from our source and from what is built of it, and needs no file that could be read.
 *
 * @module
 */

/** Uses nothing but what it is given and what is global. */
function disarm(mayConnect: boolean): void {
  const refusal = (permission: string): Error =>
    Object.assign(new Error('Access to this API has been restricted.'), { code: 'ERR_ACCESS_DENIED', permission })
  const put = (holder: object, name: string, value: unknown): void => {
    Object.defineProperty(holder, name, { value, writable: false, configurable: false, enumerable: true })
  }
  const refuse = (holder: object | undefined, permission: string, names: readonly string[]): void => {
    if (holder === undefined) return
    for (const name of names) {
      if (!(name in holder)) continue
      put(holder, name, function refused(): never {
        throw refusal(permission)
      })
    }
  }
  const builtin = (name: string): Record<string, unknown> => process.getBuiltinModule(name) as unknown as Record<string, unknown>

  const { pid } = process
  for (const name of ['kill', '_kill']) {
    const given = (process as unknown as Record<string, (whom: number, signal?: string | number) => unknown>)[name]
    put(process, name, (whom: number, signal?: string | number) => {
      if (whom !== pid) throw refusal('Signal')
      return given?.call(process, pid, signal)
    })
  }
  refuse(process, 'Signal', ['_debugProcess', '_debugEnd', '_linkedBinding'])
  refuse(builtin('node:os'), 'Signal', ['setPriority'])

  if (!mayConnect) {
    const net = builtin('node:net')
    const { prototype: socket } = net['Socket'] as { prototype: object }
    const { prototype: server } = net['Server'] as { prototype: object }
    refuse(socket, 'Net', ['connect'])
    refuse(server, 'Net', ['listen', '_listen2'])
    refuse(net, 'Net', ['_createServerHandle', 'BoundSocket'])
    refuse(builtin('node:dgram'), 'Net', ['createSocket', 'Socket', '_createSocketHandle'])
    const dns = builtin('node:dns')
    const { promises } = dns as unknown as { promises: object }
    for (const holder of [dns, promises]) {
      refuse(
        holder,
        'Net',
        Object.keys(holder).filter((name) => /^(?:lookup|resolve|reverse|Resolver)/.test(name)),
      )
    }
  }
  // What is imported by name is what it is from now on (`import { connect } from 'node:net'`).
  process.getBuiltinModule('node:module').syncBuiltinESMExports()
}

/** For `node --import`. */
export const disarming = (mayConnect: boolean): string =>
  `data:text/javascript,${encodeURIComponent(`(${disarm.toString()})(${String(mayConnect)})`)}`
