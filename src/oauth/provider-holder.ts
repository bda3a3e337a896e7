/**
 * Which provider answers now. oidc-provider fixes its keys and features when it is made, so a change makes another instance (a
 * millisecond) and no restart.
 *
 * What lasts from one request to the next is in the store: sign-ins under way and refresh tokens go on in the new one. A request keeps
 * the instance that it began with, so `current` is asked once for each. Where the new one cannot be made, the request fails.
 *
 * @module
 */

export interface ProviderHolder<Held> {
  /** Made anew where an ingredient has changed. */
  current(): Promise<Held>
}

/** `gather`: what it is made of, a member each; compared by identity. Called for every request: it answers from memory. */
export function createProviderHolder<Ingredients extends object, Held>({
  gather,
  make,
}: {
  readonly gather: () => Promise<Ingredients>
  readonly make: (ingredients: Ingredients) => Held
}): ProviderHolder<Held> {
  let holding: { readonly of: Ingredients; readonly held: Held } | undefined
  return {
    async current() {
      const of = await gather()
      if (holding === undefined || !isSame(holding.of, of)) holding = { of, held: make(of) }
      return holding.held
    },
  }
}

const isSame = <T extends object>(one: T, other: T): boolean => (Object.keys(one) as (keyof T)[]).every((key) => one[key] === other[key])
