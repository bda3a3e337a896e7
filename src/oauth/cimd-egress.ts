/**
 * Whether this machine gets out to the internet: clients switch to documents of theirs as soon as they hear that those are taken, so that
 * behind a closed firewall every sign-in would fail (research: Claude Code and Codex both do). Asked beside the start, not before it, and
 * again now and then. Until the first answer, and after one that failed, it is no.
 *
 * What is asked are documents that clients really use. That something answers is enough; what, does not matter.
 *
 * @module
 */

import type { Fetched, GuardedFetch } from '../net/index.ts'

export interface Egress {
  isOpen(): boolean
  close(): void
}

export interface EgressOptions {
  readonly fetch: GuardedFetch
  /** One that answers is enough. */
  readonly urls?: readonly string[]
  readonly firstMs?: number
  readonly againMs?: number
  readonly afterFailureMs?: number
  readonly onChange?: (isOpen: boolean) => void
}

const URLS = ['https://claude.ai/oauth/claude-code-client-metadata', 'https://chatgpt.com/oauth/codex/client.json']

export function createEgress({
  fetch,
  urls = URLS,
  firstMs = 500,
  againMs = 3_600_000,
  afterFailureMs = 300_000,
  onChange,
}: EgressOptions): Egress {
  let isOpen: boolean | undefined
  let isClosed = false
  let timer = setTimeout(check, firstMs).unref()

  async function check(): Promise<void> {
    const found = await anyAnswers(fetch, urls)
    if (isClosed) return
    if (found !== isOpen) onChange?.(found)
    isOpen = found
    timer = setTimeout(check, found ? againMs : afterFailureMs).unref()
  }
  return {
    isOpen: () => isOpen === true,
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

async function anyAnswers(fetch: GuardedFetch, urls: readonly string[]): Promise<boolean> {
  for (const url of urls) if (cameThrough(await fetch(url))) return true
  return false
}

/** A certificate for the name was shown: the other side, and no portal before it. */
const cameThrough = (fetched: Fetched): boolean =>
  fetched.answered || fetched.problem === 'not_json' || fetched.problem === 'too_large' || fetched.problem === 'redirected'
