/**
 * Installs what the lock file says, once. A stamp in node_modules remembers which set of workspaces is there and for which
 * lock file and manifests, so that a second run needs no network. An install that was interrupted is noticed by the
 * marker it leaves, and redone from nothing. Whatever fails here ends the run: nothing goes on with half an install.
 *
 * `npm install --no-save` and not `npm ci`: it adds to what is there instead of deleting it under a running server, and
 * it bears optional packages (other platforms' binaries) that a registry does not have. `checkAgainstLock` proves afterwards that exactly
 * the versions and hashes of the lock file were installed.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from './progress.mjs'

const NODE_MAJOR = 24

/** From small to large; a larger one covers every smaller one. */
const sets = {
  start: { workspaces: ['runtime', 'examples/notes'], dev: false, what: 'what `npm start` needs' },
  build: { workspaces: ['runtime', 'examples/notes'], dev: true, what: 'what `npm run build` needs' },
  test: {
    workspaces: ['runtime', 'examples/notes', 'test/servers', 'test/clients', 'test/conformance', 'test/browser'],
    dev: true,
    what: 'what `npm test` needs',
  },
  all: { workspaces: undefined, dev: true, what: 'everything' },
}
const order = Object.keys(sets)

export async function setUp(root, wanted) {
  const modules = join(root, 'node_modules')
  const stampFile = join(modules, '.sallyport-set-up.json')
  const marker = join(modules, '.sallyport-installing')
  const hash = hashOfManifests(root)

  await waitForOther(marker)
  const interrupted = existsSync(marker)
  const stamp = interrupted ? undefined : readJson(stampFile)
  if (!(stamp?.hash === hash && order.indexOf(stamp.set) >= order.indexOf(wanted))) {
    if (!interrupted && coversWholeLock(root)) write('all')
    else await installSet(stamp ? larger(stamp.set, wanted) : wanted)
  }
  linkCommand(root)

  async function installSet(set) {
    if (interrupted) {
      console.error('An earlier install was interrupted: starting again from nothing.')
      rmSync(modules, { recursive: true, force: true })
    }
    mkdirSync(modules, { recursive: true })
    rmSync(stampFile, { force: true })
    writeFileSync(marker, String(process.pid))
    await install(root, set)
    checkAgainstLock(root)
    write(set)
    rmSync(marker)
  }
  function write(set) {
    writeFileSync(stampFile, JSON.stringify({ hash, set }))
  }
}

/**
 * A folder with a lock file of its own, for what is too large for an `npm install` of the repository, and too large to be in the way of its
 * lock file. Its packages are optional to it: one that the registry does not have is missed by whoever runs it, not here.
 */
export async function setUpFolder(root, folder) {
  const cwd = join(root, folder)
  const modules = join(cwd, 'node_modules')
  const stampFile = join(modules, '.sallyport-set-up.json')
  const marker = join(root, 'node_modules', `.sallyport-installing-${folder.replaceAll('/', '-')}`)
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`)
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(cwd, file)))
  const digest = hash.digest('hex')

  await waitForOther(marker)
  const stamp = readJson(stampFile)
  if (stamp?.hash === digest && stamp.missing?.length === 0) return
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(marker, String(process.pid))
  try {
    // Half an install does not stay; one that only misses something is added to.
    if (stamp?.hash !== digest) rmSync(modules, { recursive: true, force: true })
    await runNpm(cwd, ['install', '--prefix', '.', '--no-save', '--ignore-scripts', ...quiet], `${folder}, which is large,`)
    checkAgainstLock(cwd)
    const installed = readJson(join(modules, '.package-lock.json')).packages
    const wanted = Object.keys(readJson(join(cwd, 'package.json')).optionalDependencies ?? {})
    const missing = wanted.filter((name) => !installed[`node_modules/${name}`])
    for (const name of missing) console.error(`The registry did not give ${name}, or could not be reached: the next run asks again.`)
    writeFileSync(stampFile, JSON.stringify({ hash: digest, missing }))
  } finally {
    rmSync(marker, { force: true })
  }
}

/** The Node of the lock file; this machine's own where there is no package for it and it is new enough. */
export function lockedNode(root) {
  const windows = process.platform === 'win32'
  const file = windows
    ? join(root, 'node_modules', `node-win-${process.arch}`, 'bin', 'node.exe')
    : join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(file)) return file
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  console.error(
    `error: there is no Node ${NODE_MAJOR} package for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}\n` +
      `fix: install Node ${NODE_MAJOR} or later from https://nodejs.org and run the command again`,
  )
  process.exit(1)
}

const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error']

function install(root, name) {
  const { workspaces, dev, what } = sets[name]
  const args = ['install', '--no-save', '--ignore-scripts', ...quiet]
  if (!dev) args.push('--omit=dev')
  if (workspaces) args.push(...workspaces.flatMap((workspace) => ['--workspace', workspace]), '--include-workspace-root')
  return runNpm(root, args, what)
}

function runNpm(cwd, args, what) {
  const { command, first, shell } = npm()
  const line = progress(`Installing ${what} from package-lock.json (first time only)`)
  const started = Date.now()
  return new Promise((resolve, reject) => {
    // What a workspace's or a parent npm's environment says of this install would win over the flags.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([key]) => !/^npm_config_(workspace|workspaces|omit|include|production|dry_run|global)$/i.test(key),
      ),
    )
    const child = spawn(command, [...first, ...args], { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (bytes) => {
      errors = (errors + bytes).slice(-20_000)
    })
    child.stdout.resume()
    const stop = (signal) => {
      child.kill(signal)
      line.end('Stopped. The next run starts the install again.')
      process.exit(130)
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
    child.on('error', (error) => {
      line.end()
      reject(new Error(`npm could not be started (${error.code})\nfix: install npm 10 or later and run the command again`))
    })
    child.on('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      line.end(code === 0 ? `Installed ${what} in ${Math.round((Date.now() - started) / 1000)} s.` : '')
      if (code === 0) resolve()
      else reject(new Error(explain(errors)))
    })
  })
}

/** The npm that called us, else the one on PATH. */
function npm() {
  const caller = process.env.npm_execpath
  if (caller && caller.endsWith('npm-cli.js') && existsSync(caller)) return { command: process.execPath, first: [caller], shell: false }
  const shell = process.platform === 'win32'
  return { command: shell ? 'npm.cmd' : 'npm', first: [], shell }
}

function explain(errors) {
  const said = errors
    .split('\n')
    .filter((text) => text.startsWith('npm error') && !/complete log of this run|Run "npm help/.test(text))
    .slice(0, 6)
    .join('\n')
  const [why, fix] = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED/.test(
    errors,
  )
    ? [
        'the package registry could not be reached: is there a network?',
        'connect once, then run the command again; later runs need no network. Behind a proxy, set HTTPS_PROXY',
      ]
    : /ENOSPC/.test(errors)
      ? ['the disk is full', 'free about 1 GB and run the command again']
      : /EACCES|EPERM|EROFS/.test(errors)
        ? ['the folder cannot be written to', 'make the repository writable for you and run the command again']
        : /EINTEGRITY/.test(errors)
          ? ['a package is not the one that package-lock.json names', 'do not go on; find out who changed the package or your registry']
          : ['npm failed', 'read what npm says above; deleting node_modules and running the command again often helps']
  return `installing failed: ${why}\n${said}\nfix: ${fix}`
}

/** What npm recorded as installed must be what the lock file says: same version, same hash. */
function checkAgainstLock(root) {
  const locked = readJson(join(root, 'package-lock.json'))?.packages ?? {}
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages
  if (!installed) throw new Error('npm left no record of what it installed\nfix: delete node_modules and run the command again')
  const wrong = Object.entries(installed)
    .filter(([path]) => path.includes('node_modules/'))
    .filter(([path, { version, integrity }]) => version !== locked[path]?.version || integrity !== locked[path]?.integrity)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
  if (wrong.length > 0)
    throw new Error(
      `not as package-lock.json says: ${wrong.slice(0, 5).join(', ')}\nfix: bring package-lock.json up to date with \`npm install\``,
    )
}

/** Whether somebody has run `npm install` or `npm ci` by hand: then there is nothing left to do. */
function coversWholeLock(root) {
  const locked = readJson(join(root, 'package-lock.json'))?.packages
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages
  if (!locked || !installed) return false
  return Object.entries(locked).every(([path, entry]) => {
    if (!path.includes('node_modules/') || (entry.optional && !installed[path])) return true
    return installed[path] && installed[path].version === entry.version && installed[path].integrity === entry.integrity
  })
}

function hashOfManifests(root) {
  const hash = createHash('sha256')
  const { workspaces } = readJson(join(root, 'package.json'))
  for (const file of ['package-lock.json', 'package.json', '.npmrc', ...workspaces.map((folder) => join(folder, 'package.json'))])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  return hash.update(`${process.platform}-${process.arch}`).digest('hex')
}

/** Two set-ups at once would spoil each other's work: the second waits for the first. */
async function waitForOther(marker) {
  for (let seconds = 0; seconds < 600; seconds++) {
    const pid = Number(existsSync(marker) && readFileSync(marker, 'utf8'))
    if (!pid || pid === process.pid || !alive(pid)) return
    if (seconds === 0) console.error(`Another set-up is under way (process ${pid}): waiting for it.`)
    await sleep(1000)
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** npm links the commands of dependencies, never the root's own: with this link `npx sallyport` works here, offline too. */
function linkCommand(root) {
  if (process.platform === 'win32') return
  const folder = join(root, 'node_modules', '.bin')
  const link = join(folder, 'sallyport')
  const target = join('..', '..', 'bin', 'sallyport.js')
  const there = lstatSync(link, { throwIfNoEntry: false })
  if (there?.isSymbolicLink() && readlinkSync(link) === target) return
  if (there) unlinkSync(link)
  mkdirSync(folder, { recursive: true })
  symlinkSync(target, link)
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

const larger = (one, other) => (order.indexOf(one) > order.indexOf(other) ? one : other)
