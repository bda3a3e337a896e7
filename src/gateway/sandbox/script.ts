/** Which argument of an interpreter is its script: the first that is none of its own options. Pure but for looking whether it is there. @module */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Script {
  /** Which argument; undefined: there is none. */
  readonly at: number | undefined
  /** What `python -m` names. */
  readonly modules: readonly string[]
  /** Files that are run or read before it, absolute. */
  readonly preloaded: readonly string[]
}

interface Interpreter {
  /** Options whose value is the next argument. */
  readonly valued: RegExp
  /** Options with which there is no script: the program stands in the arguments. */
  readonly inline: RegExp
  /** Options whose value is a file that it needs. */
  readonly files?: RegExp
  /** Words before the script. */
  readonly commands?: RegExp
  /** Whether `-m` names what is run. */
  readonly modules?: true
}

const interpreters: readonly (readonly [name: RegExp, Interpreter])[] = [
  [
    /^(?:node|tsx|ts-node)$/,
    {
      valued: /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--env-file-if-exists|--tsconfig)$/,
      inline: /^(?:-e|--eval|-p|--print|-pe)(?:=|$)/,
      files: /^(?:-r|--require|--import|--loader|--experimental-loader|--env-file|--env-file-if-exists|--tsconfig)$/,
    },
  ],
  [
    /^(?:deno|bun)$/,
    {
      valued: /^(?:-c|--config|--import-map|-r|--preload)$/,
      inline: /^(?:eval|-e|--eval)$/,
      files: /^(?:-c|--config|--import-map|--preload)$/,
      commands: /^(?:run|serve)$/,
    },
  ],
  [/^(?:python|pypy)[\d.]*$/, { valued: /^(?:-W|-X)$/, inline: /^-c$/, modules: true }],
  [/^(?:ba|da|z|k)?sh$/, { valued: /^(?:-o|-O)$/, inline: /^-\w*c$/ }],
  [/^(?:ruby|perl|php|lua)[\d.]*$/, { valued: /^(?:-I|-r)$/, inline: /^(?:-e|-r)$/ }],
  [
    /^java$/,
    {
      valued: /^(?:-cp|-classpath|--class-path|--module-path|-p|-m)$/,
      inline: /^$/,
      files: /^(?:-cp|-classpath|--class-path|--module-path|-p)$/,
    },
  ],
  [/^dotnet$/, { valued: /^$/, inline: /^$/, commands: /^exec$/ }],
]

/** `names`: what the program is called, and what it is called by. */
export function scriptOf(...[real, called, args, cwd]: [string, string, readonly string[], string]): Script {
  const [, interpreter] = interpreters.find(([name]) => name.test(called) || name.test(real)) ?? []
  const modules: string[] = []
  const preloaded: string[] = []
  const none = { at: undefined, modules, preloaded }
  if (!interpreter) return none
  const { valued, inline, files, commands } = interpreter
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string
    const [option = '', value] = word.split(/=(.*)/s, 2)
    if (inline.test(word)) return none
    if (word === '-m' && interpreter.modules) {
      modules.push((args[at + 1] ?? '').split('.', 1)[0] ?? '')
      return none
    }
    if (commands?.test(word)) continue
    if (word === '--') continue
    if (!word.startsWith('-')) return isThere(resolve(cwd, word)) ? { at, modules, preloaded } : none
    if (files?.test(option))
      for (const file of (value ?? args[at + 1] ?? '').split(':')) if (isThere(resolve(cwd, file))) preloaded.push(resolve(cwd, file))
    if (value === undefined && valued.test(option)) at++
  }
  return none
}

/** As Node looks for a script, too. */
const isThere = (path: string): boolean => existsSync(path) || existsSync(`${path}.js`)
