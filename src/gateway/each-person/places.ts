/** How many processes there may be at once, those that are on their way out included. @module */

export interface Places {
  /** Takes one, waiting for one that is about to be free. What is answered gives it back. Undefined: all are taken by what goes on. */
  take(): Promise<(() => void) | undefined>
}

/** `endOne`: makes room where somebody can go; answers whether anybody is going now. */
export function createPlaces(most: number, endOne: () => boolean): Places {
  let taken = 0
  const waiting = new Set<() => void>()
  return {
    async take() {
      while (taken >= most) {
        if (!endOne()) return undefined
        await new Promise<void>((freed) => waiting.add(freed))
      }
      taken++
      let isBack = false
      return () => {
        if (isBack) return
        isBack = true
        taken--
        for (const freed of waiting) freed()
        waiting.clear()
      }
    },
  }
}
