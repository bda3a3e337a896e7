// Loaded into peers that listen on every interface and offer no option against it: the benchmark stays on loopback.
// Also ends them properly on SIGTERM, so that --cpu-prof is written.
import { Server } from 'node:net'

const listen = Reflect.get(Server.prototype, 'listen')
Server.prototype.listen = function listenOnLoopback(first, ...rest) {
  if (typeof first === 'object' && first !== null) return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ...rest.filter((argument) => typeof argument === 'function'))
}
process.once('SIGTERM', () => process.exit(0))
