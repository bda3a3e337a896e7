/**
 * Which package of a registry, and which version: `NAME`, `NAME@1.2.3`, `NAME@^1`, `NAME@latest`. What comes from anywhere else (a
 * repository, a URL, a folder) has no integrity that a registry vouches for, and is a problem.
 *
 * @module
 */

export interface Wanted {
  readonly name: string
  /** What stands behind the `@`: a version, a range or a tag; empty where there is nothing. */
  readonly selector: string
  /** One version, and no other. */
  readonly isExact: boolean
}

const NAME = /^(?:@[A-Za-z0-9~][\w.~-]*\/)?[A-Za-z0-9~][\w.~-]*$/
/** semver.org, without build metadata, which is no part of which version it is. */
const NUMBER = '(?:0|[1-9]\\d{0,14})'
const EXACT = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`)
const SELECTOR = /^[A-Za-z0-9<>=~^*][\w.<>=~^*| +-]{0,127}$/
const MAX_NAME = 214

export const isPackageName = (name: string): boolean => name.length <= MAX_NAME && NAME.test(name)
export const isExactVersion = (version: string): boolean => version.length <= 128 && EXACT.test(version)

export function readSpec(spec: string): Wanted | { readonly problem: string } {
  const at = spec.indexOf('@', 1)
  const name = at === -1 ? spec : spec.slice(0, at)
  const selector = at === -1 ? '' : spec.slice(at + 1)
  if (!isPackageName(name) || (selector !== '' && !SELECTOR.test(selector)))
    return { problem: 'only a package of a registry can be pinned, as NAME@VERSION: what else is fetched is not started' }
  return { name, selector, isExact: isExactVersion(selector) }
}

/** As it is written down: `latest` is what nothing means. */
export const showWanted = ({ name, selector }: Pick<Wanted, 'name' | 'selector'>): string => `${name}@${selector || 'latest'}`
