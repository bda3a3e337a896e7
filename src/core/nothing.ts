/** The empty object, for whatever was not given. One for all, so that none is made for each request. @module */

export const NOTHING: Readonly<Record<string, never>> = Object.freeze({})
