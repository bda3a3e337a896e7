/** The one-time link by which the owner's account is made (`one-time-links.ts`): one at a time, good for ten minutes. @module */

import { createOneTimeLinks, type LinksParts } from './one-time-links.ts'

export interface SetupLink {
  /** The code of a new link. */
  create(): Promise<string>
  isOpen(code: string): Promise<boolean>
  /** True for one caller. */
  use(code: string): Promise<boolean>
}

export function createSetupLink(parts: LinksParts): SetupLink {
  const links = createOneTimeLinks(parts)
  const isOpen = async (code: string): Promise<boolean> => (await links.look(code))?.kind === 'owner'
  return {
    create: async () => (await links.create({ kind: 'owner' })).code,
    isOpen,
    // A code for something else must not be used up by this.
    use: async (code) => (await isOpen(code)) && (await links.use(code))?.kind === 'owner',
  }
}
