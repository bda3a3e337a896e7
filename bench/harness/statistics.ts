/** @module */

/** Of an odd or even number of figures; undefined of none. */
export function median(figures: readonly number[]): number | undefined {
  if (figures.length === 0) return undefined
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Nearest rank, of figures in ascending order. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}
