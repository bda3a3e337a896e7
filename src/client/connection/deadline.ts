/**
 * How long a request may be silent. Progress begins it anew; while the program or a person answers what the server asked, it does not run
 * (elicitation: a person may take longer than any server). However that may be, a request ends: the SDK has the total.
 *
 * @module
 */

export interface Deadline {
  /** Ends what took too long, and what `outer` ends. */
  readonly signal: AbortSignal
  readonly isPast: () => boolean
  /** Something came. */
  again(): void
  end(): void
}

export interface Deadlines {
  begin(ms: number, outer: AbortSignal | undefined): Deadline
  /** Somebody is asked; call what it answers when they have answered. */
  pause(): () => void
}

export function createDeadlines(): Deadlines {
  const running = new Set<Deadline>()
  let paused = 0
  return {
    begin(ms, outer) {
      const controller = new AbortController()
      let past = false
      let timer: NodeJS.Timeout
      const deadline: Deadline = {
        signal: outer ? AbortSignal.any([outer, controller.signal]) : controller.signal,
        isPast: () => past,
        again() {
          clearTimeout(timer)
          timer = setTimeout(() => {
            if (paused > 0) return
            past = true
            controller.abort(new Error('timeout'))
          }, ms)
        },
        end() {
          clearTimeout(timer)
          running.delete(deadline)
        },
      }
      running.add(deadline)
      deadline.again()
      return deadline
    },
    pause() {
      paused++
      return () => {
        if (--paused === 0) for (const deadline of running) deadline.again()
      }
    },
  }
}
