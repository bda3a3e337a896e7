/**
 * Whether we are in a container, what that adds to a sandbox of our own, and what lets bubblewrap work inside one. Looks at files
 * and variables that container programs leave; a wrong guess changes a sentence and nothing else.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'

export interface Container {
  readonly kind: 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'container'
  /** What it holds off by itself, and what it does not. */
  readonly adds: string
  /** What lets bubblewrap make namespaces inside it. */
  readonly allow: string
}

export interface Traces {
  readonly exists: (path: string) => boolean
  readonly read: (path: string) => string
  readonly env: NodeJS.ProcessEnv
}

const ADDS =
  'the container keeps this process and everything that it starts from the rest of the machine; what is inside it (its files, its environment, its network) is open to everything in it alike'

const ALLOW: Readonly<Record<Container['kind'], string>> = {
  docker:
    'docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, as an ordinary user of the image',
  podman: 'podman run --security-opt seccomp=unconfined --security-opt unmask=ALL --security-opt label=disable',
  kubernetes:
    'securityContext: { seccompProfile: { type: Unconfined }, procMount: Unmasked } in the container, and hostUsers: false in the pod',
  lxc: 'security.nesting=true',
  container: 'a profile that allows unprivileged user namespaces, mounts in them, and a /proc that is not masked',
}

export function detectContainer(traces: Traces = ours): Container | undefined {
  const kind = kindOf(traces)
  return kind && { kind, adds: ADDS, allow: ALLOW[kind] }
}

function kindOf({ exists, read, env }: Traces): Container['kind'] | undefined {
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined) return 'kubernetes'
  if (exists('/run/.containerenv')) return 'podman'
  if (exists('/.dockerenv')) return 'docker'
  // systemd's rule for whoever makes a container: https://systemd.io/CONTAINER_INTERFACE
  const named = env['container'] ?? ''
  if (named !== '') return named === 'docker' || named === 'podman' || named === 'lxc' ? named : 'container'
  const groups = read('/proc/1/cgroup')
  if (groups.includes('kubepods')) return 'kubernetes'
  if (groups.includes('libpod')) return 'podman'
  if (groups.includes('docker')) return 'docker'
  return groups.includes('/lxc') ? 'lxc' : undefined
}

const ours: Traces = {
  exists: existsSync,
  read: (path) => {
    try {
      return readFileSync(path, 'latin1')
    } catch {
      return ''
    }
  },
  env: process.env,
}
