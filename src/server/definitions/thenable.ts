/** Whether something is a promise, whoever made it: queries of some libraries are not of the class, and are awaited all the same. @module */

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'
