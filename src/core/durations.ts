/** Spans of time as people write them: `90d`, `24h`, `15m`, `30s`. @module */

const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const

/** In seconds; undefined where it is not a whole number and a unit, nothing at all, or longer than ten years. */
export function toSeconds(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  const total = count && unit ? Number(count) * seconds[unit as keyof typeof seconds] : 0
  return total < 1 || total > 3650 * seconds.d ? undefined : total
}
