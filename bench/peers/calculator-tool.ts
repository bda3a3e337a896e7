/** The calculator as a module of its own, which runs in the sandbox. @module */

import { calculate, type Sum } from './calculator.ts'

export default (sum: Sum): ReturnType<typeof calculate> => calculate(sum)
