export { givesSigns, type PersonalOptions, personalOptionsSchema, personalSchema, withPersonal } from './options.ts'
export { createReveal, REVEAL_SCOPE, type Reveal } from './reveal.ts'
export { createPersonalData, type PersonalData } from './step.ts'
export { createPersonalTokens } from './tokens.ts'
