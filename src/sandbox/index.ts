export { type BubblewrapOptions, createBubblewrap } from './confine/bubblewrap.ts'
export type { Confined, Confinement, Depth, Ended, Program } from './confine/confinement.ts'
export { type Destination, matchesDestination, parseDestination, showDestination } from './grants/destination.ts'
export {
  type Grants,
  type Limits,
  type SandboxOptions,
  sandboxSchema,
  sandboxShape,
  serverLimits,
  snippetLimits,
  toGrants,
  toolLimits,
} from './grants/grants.ts'
export { insideFiles, insideProgram } from './inside-file.ts'
export { type Connection, type ConnectProblem, isRefusal } from './network/connection.ts'
export { type Network, type NetworkOptions, openNetwork } from './network/network.ts'
export { type OpenConfinementOptions, openConfinement } from './platforms/open.ts'
export { type Children, createChildren, createPool } from './pool/children.ts'
export { toNodeProgram } from './pool/node-program.ts'
export type { ChildError, Job, JobEnd, Pool, PoolStatus } from './pool/pool.ts'
