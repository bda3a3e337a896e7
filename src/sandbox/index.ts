export { createBubblewrap } from './confine/bubblewrap.ts'
export type { Confined, Confinement, Depth, Ended, Program } from './confine/confinement.ts'
export { detectContainer } from './confine/container.ts'
export { type Probe, probeBubblewrap } from './confine/probe.ts'
export {
  type Explanation,
  explainConfined,
  explainElsewhere,
  explainInProcess,
  explainUnconfined,
} from './explain/explanation.ts'
export { explanationLines, explanationText } from './explain/lines.ts'
export { beyond, lowered, together } from './grants/at-most.ts'
export { type Destination, matchesDestination, parseDestination, showDestination } from './grants/destination.ts'
export {
  type Grants,
  type Limits,
  type SandboxOptions,
  sandboxSchema,
  sandboxShape,
  serverLimits,
  toGrants,
  toolLimits,
} from './grants/grants.ts'
export { real } from './grants/real-path.ts'
export { isWithin } from './grants/within.ts'
export { insideFiles, insideProgram } from './inside-file.ts'
export { createConnectRecords } from './network/connect-records.ts'
export type { Connection } from './network/connection.ts'
export { openNetwork } from './network/network.ts'
export { problemsForNode } from './platforms/node-flags.ts'
export { openConfinement } from './platforms/open.ts'
export { type Children, createChildren, createPool } from './pool/children.ts'
export { toNodeProgram } from './pool/node-program.ts'
export type { ChildError, Job, JobEnd, Pool } from './pool/pool.ts'
export type { Prepare } from './pool/worker-process.ts'
export { type SnippetLimits, snippetDefaults } from './snippet/limits.ts'
export { snippetProgram } from './snippet/program.ts'
export { type Answered, createSnippets, type Snippet, type SnippetEnd, type SnippetError } from './snippet/snippets.ts'
