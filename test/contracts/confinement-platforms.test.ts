// The other depths, as far as they hold anything: see docs/sandbox.md.

import { existsSync } from 'node:fs'
import { createNodePermission } from '../../src/sandbox/platforms/node-permission.ts'
import { createSandboxRuntime, findSandboxRuntime } from '../../src/sandbox/platforms/sandbox-runtime.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { describeConfinement } from './confinement.ts'

describeConfinement('node-permission', () => createNodePermission({ why: 'It is a test.' }), {
  holds: ['files', 'memory'],
  skip: process.platform === 'win32' && 'there is no sandbox on Windows',
})

// Made for macOS; on Linux the same package stands on bubblewrap.
const cli = findSandboxRuntime()
describeConfinement('sandbox-runtime', () => createSandboxRuntime(cli as string), {
  holds: ['files', 'links', 'network'],
  adds: /proxy|^(?:SANDBOX_RUNTIME|GIT_|CLOUDSDK_|JAVA_TOOL_OPTIONS|CLAUDE_CODE_|SHLVL|_$|NODE_USE_ENV_PROXY)/i,
  skip:
    needsBubblewrap.skip ||
    (cli === undefined && 'npm install @anthropic-ai/sandbox-runtime') ||
    (!existsSync('/usr/bin/socat') && 'socat is not installed: apt-get install socat'),
})
