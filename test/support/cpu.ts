// What something costs, whoever else keeps the machine busy.

const msOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000

/** Milliseconds of this thread's own time. */
export function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  return msOf(process.threadCpuUsage(before))
}

/** Milliseconds of this process's own time, in all its threads, until it is done. */
export async function cpuMsDuring(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  return msOf(process.cpuUsage(before))
}
