// What something costs, whoever else keeps the machine busy.

/** Milliseconds of this process's own time. */
export function cpuMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
