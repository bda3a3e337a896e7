// Preloaded into servers that we did not write and that would listen on every interface of the machine: they listen on loopback
// instead, and say in one line of JSON on stdout on which port.

import { Server } from 'node:net'

const listen = Server.prototype.listen
Server.prototype.listen = function onLoopback(port, ...rest) {
  this.once('listening', () => process.stdout.write(`${JSON.stringify({ port: this.address().port })}\n`))
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, ...rest.filter((value) => typeof value === 'function'))
}
