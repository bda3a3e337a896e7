/** What a child that runs snippets is started as: Node, the interpreter, and nothing of anybody's. @module */

import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Depth, Program } from '../confine/confinement.ts'
import { type Grants, toolLimits } from '../grants/grants.ts'
import { toNodeProgram } from '../pool/node-program.ts'
import type { SnippetLimits } from './limits.ts'

const CORE = 'quickjs-emscripten-core'
const VARIANT = '@jitl/quickjs-wasmfile-release-sync'
const TYPES = '@jitl/quickjs-ffi-types'

const MIB = 1024 * 1024
/** What Node and the interpreter need themselves. */
const OWN_MB = 192
/** Time that is left to a snippet's own bounds before it is ended from outside. */
const GRACE_MS = 500
const GRACE_SECONDS = 2

export function snippetProgram(limits: SnippetLimits, depth: Depth): Program {
  const [core, variant, wasm] = [CORE, VARIANT, `${VARIANT}/wasm`].map((name) => import.meta.resolve(name)) as [string, string, string]
  const packages = [core, variant, import.meta.resolve(TYPES)].map((url) => dirname(dirname(fileURLToPath(url))))
  const args = [core, variant, fileURLToPath(wasm), `${limits.memoryMb}`]
  return toNodeProgram({ inside: 'snippet', args, grants: grantsFor(limits), code: packages, cwd: '/' }, depth)
}

function grantsFor({ timeoutMs, runSeconds, memoryMb, maxCalls, resultBytes }: SnippetLimits): Grants {
  return {
    read: [],
    write: [],
    net: [],
    env: [],
    run: [],
    limits: {
      ...toolLimits,
      timeoutMs: timeoutMs + GRACE_MS,
      cpuSeconds: runSeconds + GRACE_SECONDS,
      memoryMb: memoryMb + OWN_MB,
      // The arguments of its calls go out the same way.
      maxOutputBytes: Math.min((maxCalls + 2) * (resultBytes + 4096), 64 * MIB),
    },
  }
}
