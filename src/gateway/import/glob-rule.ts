/** Lines of a server's maps that are about its tools, by name or glob. In the order of the file; the first that matches counts. Pure. @module */

import { matchesGlob } from '../../core/index.ts'

export interface GlobRule {
  /** The upstream's own name for a tool; `*` stands for any characters. */
  readonly glob: string
  /** Where it is written: `sallyport.yaml:12`. */
  readonly where: string
}

export const ruleFor = <Rule extends GlobRule>(rules: readonly Rule[], tool: string): Rule | undefined =>
  rules.find(({ glob }) => matchesGlob(glob, tool))
