/**
 * Commands that fetch what they run, and that nothing here can pin: what is said of each before it is started. Pure.
 *
 * @module
 */

import { basename } from 'node:path'

const FETCHES_IN_A_SHELL = /\b(?:npx|pnpx|bunx|uvx|pipx)\b|\b(?:npm|bun) x\b|\bnpm exec\b|\b(?:pnpm|yarn) dlx\b/

/** A sentence about it; undefined where there is nothing to say. */
export function unpinnedNote(command: string, args: readonly string[]): string | undefined {
  const name = basename(command.replaceAll('\\', '/')).replace(/\.(?:cmd|exe)$/i, '')
  if (name === 'uvx' || name === 'pipx' || (name === 'uv' && args[0] === 'tool' && args[1] === 'run'))
    return `${name} fetches a package when it starts, and which bytes those are is not pinned here: install it once (uv tool install NAME==VERSION, or a virtual environment), and name the program`
  if (name === 'docker' || name === 'podman') {
    if (!args.includes('run') || args.some((arg) => /@sha256:[0-9a-f]{64}$/.test(arg))) return undefined
    return `${name} runs whatever its image's tag stands for that day: name it by digest (IMAGE@sha256:…), which pins it`
  }
  const isShell = /^(?:ba|da|z|k|fi)?sh$/.test(name) || name === 'cmd' || name === 'powershell' || name === 'pwsh'
  if (isShell && FETCHES_IN_A_SHELL.test(args.join(' ')))
    return 'what a shell fetches and runs is not pinned here: name npx and its package as the command and its arguments'
  return undefined
}
