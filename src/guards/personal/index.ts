export { givesSigns, type PersonalOptions, personalOptionsSchema, personalSchema, withPersonal } from './options.ts'
export { createReveal, REVEAL_SCOPE, type Reveal } from './reveal.ts'
export { createPersonalTokens, type PersonalTokens } from './tokens.ts'
