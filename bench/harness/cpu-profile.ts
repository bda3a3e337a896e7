/** Where the time went: self time by function from a `.cpuprofile`, over a window of it. @module */

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** What V8 writes (the Profile of the DevTools protocol); times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly startTime: number
  readonly endTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface Share {
  readonly name: string
  readonly place: string
  readonly microseconds: number
}

export interface Summary {
  /** Most first. Idle time is apart. */
  readonly functions: readonly Share[]
  readonly busyMicroseconds: number
  readonly idleMicroseconds: number
}

/** Samples from `from` to `until` count, both on the profile's own clock: starting up is not what is asked about. */
export function summarize({ nodes, startTime, samples, timeDeltas }: CpuProfile, from: number, until: number): Summary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const shares = new Map<string, Share>()
  let now = startTime
  let busyMicroseconds = 0
  let idleMicroseconds = 0
  for (const [index, sample] of samples.entries()) {
    now += timeDeltas[index] ?? 0
    const frame = frames.get(sample)
    if (!frame || now < from || now > until) continue
    // A sample stands for the time until the next one.
    const microseconds = timeDeltas[index + 1] ?? 0
    if (frame.functionName === '(idle)') {
      idleMicroseconds += microseconds
      continue
    }
    busyMicroseconds += microseconds
    const place = placeOf(frame)
    const key = `${frame.functionName}\n${place}`
    const before = shares.get(key)?.microseconds ?? 0
    shares.set(key, { name: frame.functionName || '(anonymous)', place, microseconds: before + microseconds })
  }
  const functions = [...shares.values()].sort((a, b) => b.microseconds - a.microseconds)
  return { functions, busyMicroseconds, idleMicroseconds }
}

/** `src/pipeline/pipeline.ts:40`, `jose: dist/lib/jwt.js:12`, `node:net:800`; nothing for the engine's own. */
function placeOf({ url, lineNumber }: CallFrame): string {
  if (url === '') return ''
  const [, packaged] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+\/.*)$/.exec(url) ?? []
  const [, ours] = /^.*\/((?:src|bench|dist|bin)\/.*)$/.exec(url) ?? []
  return `${packaged?.replace('/', packaged.startsWith('@') ? '/' : ': ') ?? ours ?? url}:${lineNumber + 1}`
}
