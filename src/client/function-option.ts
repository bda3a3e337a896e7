/** An option that is a function of the program's. @module */

import { z } from 'zod'

export const fn = <T>(): z.ZodCustom<T> => z.custom<T>((value) => typeof value === 'function', 'must be a function')
