/** What one check of `doctor` found. @module */

export interface Finding {
  readonly status: 'ok' | 'warning' | 'problem'
  /** What was checked, in a word or two. */
  readonly name: string
  /** What was found. */
  readonly found: string
  /** What to do about it; always there unless all is well. */
  readonly fix?: string
}

export const ok = (name: string, found: string): Finding => ({ status: 'ok', name, found })
export const warning = (name: string, found: string, fix: string): Finding => ({ status: 'warning', name, found, fix })
export const problem = (name: string, found: string, fix: string): Finding => ({ status: 'problem', name, found, fix })
