/**
 * A package registry of a test's own on loopback: it says what npm asks for, hands out archives that it makes, and can lie. What was
 * asked of it is counted.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

export interface Package {
  readonly name: string
  readonly version: string
  /** By path in the package; `package.json` is made. `{ link }` is a symbolic link. */
  readonly files?: Readonly<Record<string, string | { readonly link: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  /** Those that its archive has in it. */
  readonly bundleDependencies?: readonly string[]
  readonly bin?: string | Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  /** What the registry says of its archive. Default: the truth; `none`: nothing that counts. */
  readonly integrity?: 'none'
  readonly publishedAt?: string
}

export interface Registry extends AsyncDisposable {
  readonly url: string
  /** For npm: this registry, a cache of its own, and nothing of the machine's. */
  readonly env: Readonly<Record<string, string>>
  /** Adds it, or takes the place of what had that name and version. The newest is `latest`. */
  publish(one: Package): void
  /** What is handed out in place of an archive, whose hash stays as it was told. */
  tamper(name: string, version: string, change: (archive: Buffer) => Buffer): void
  /** Paths that were asked for. */
  requests(): readonly string[]
  close(): Promise<void>
}

interface Published {
  readonly one: Package
  readonly archive: Buffer
  handedOut: Buffer
}

/** `folder`: for npm's cache. */
export async function startRegistry(folder: string): Promise<Registry> {
  const packages = new Map<string, Map<string, Published>>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://registry').pathname)
    asked.push(path)
    const [, name = '', version] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+)\.tgz)?$/.exec(path) ?? []
    const versions = packages.get(name)
    if (versions === undefined) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
    if (version !== undefined) {
      const found = versions.get(version)
      return void (found ? response.end(found.handedOut) : response.writeHead(404).end())
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(packument(name, versions)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function packument(name: string, versions: ReadonlyMap<string, Published>): object {
    const all = [...versions]
    return {
      name,
      'dist-tags': { latest: all.at(-1)?.[0] },
      time: Object.fromEntries(all.map(([version, { one }]) => [version, one.publishedAt ?? '2026-01-02T03:04:05.000Z'])),
      versions: Object.fromEntries(
        all.map(([version, { one, archive }]) => [
          version,
          {
            ...manifestOf(one),
            ...(one.scripts?.['install'] || one.scripts?.['postinstall'] ? { hasInstallScript: true } : {}),
            dist: {
              tarball: `${url}/${name}/-/${version}.tgz`,
              shasum: createHash('sha1').update(archive).digest('hex'),
              ...(one.integrity === 'none' ? {} : { integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}` }),
            },
          },
        ]),
      ),
    }
  }
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    url,
    env: {
      npm_config_registry: url,
      npm_config_cache: `${folder}/npm-cache`,
      npm_config_userconfig: `${folder}/npmrc`,
      npm_config_fetch_retries: '0',
      HOME: folder,
    },
    publish(one) {
      const archive = gzipSync(archiveOf(one))
      const versions = packages.get(one.name) ?? new Map<string, Published>()
      packages.set(one.name, versions)
      versions.set(one.version, { one, archive, handedOut: archive })
    },
    tamper(name, version, change) {
      const found = packages.get(name)?.get(version)
      if (!found) throw new Error('nothing of that name was published')
      found.handedOut = change(found.archive)
    },
    requests: () => asked,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const manifestOf = ({ name, version, dependencies, bundleDependencies, bin, scripts }: Package): object => ({
  name,
  version,
  ...(dependencies && { dependencies }),
  ...(bundleDependencies && { bundleDependencies }),
  ...(bin !== undefined && { bin }),
  ...(scripts && { scripts }),
})

function archiveOf(one: Package): Buffer {
  const files: Package['files'] = { 'package.json': JSON.stringify(manifestOf(one)), ...one.files }
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const body = Buffer.from(typeof content === 'string' ? content : '')
    return [header(`package/${path}`, body.length, typeof content === 'string' ? undefined : content.link), body, padding(body.length)]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

const padding = (length: number): Buffer => Buffer.alloc((512 - (length % 512)) % 512)

/** POSIX.1-1988 ustar. */
function header(path: string, size: number, link?: string): Buffer {
  const block = Buffer.alloc(512)
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
  block.write(path, 0, 100)
  block.write(octal(0o644, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(499_162_500, 12), 136)
  block.write(' '.repeat(8), 148)
  block.write(link === undefined ? '0' : '2', 156)
  if (link !== undefined) block.write(link, 157, 100)
  block.write('ustar\0', 257)
  block.write('00', 263)
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  )
  return block
}
