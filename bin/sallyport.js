#!/usr/bin/env node
/**
 * The command. Plain JavaScript that any Node can read, because its first job is to say so where the Node is too old. In a
 * checkout it starts the repository's own Node 24 and runs src/; in the published package it runs dist/.
 */

import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { passOn } from './pass-on.js'

const REQUIRED_MAJOR = 24
const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'src', 'cli', 'main.ts')
const checkout = existsSync(source)
const tooOld = Number(process.versions.node.split('.')[0]) < REQUIRED_MAJOR

if (checkout && !existsSync(join(root, 'node_modules', 'commander')))
  stop(
    'E-SETUP',
    'the dependencies of this repository are not installed',
    'run `npm start` or `npm test` once; both install what they need',
  )
else if (tooOld) {
  const node = checkout ? lockedNode() : undefined
  if (node) onNode(node)
  else
    stop(
      'E-NODE',
      `Sallyport needs Node ${REQUIRED_MAJOR} or later, and this is Node ${process.versions.node}`,
      'install it from https://nodejs.org and run the command again',
    )
} else await import(new URL(checkout ? '../src/cli/main.ts' : '../dist/cli/main.js', import.meta.url).href)

function lockedNode() {
  const file = join(
    root,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  return existsSync(file) ? file : undefined
}

function onNode(node) {
  // What is guarded is started with this Node too.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  const failed = ({ code }) => stop('E-NODE', `${node} could not be started (${code})`, 'delete node_modules and run `npm test`')
  passOn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { env }, failed)
}

function stop(code, message, fix) {
  console.error(`error[${code}]: ${message}\nfix: ${fix}`)
  process.exit(2)
}
