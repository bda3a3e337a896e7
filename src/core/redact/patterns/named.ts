/**
 * Values that only their name gives away: `password = …`, `"api_key": "…"`, `datadog_key: …`. The weakest of the list: what stands there
 * must look made by a machine, or like a password, and must not be a stand-in.
 *
 * @module
 */

import { isOpaque, isPasswordLike } from '../entropy.ts'
import type { SecretPattern } from './pattern.ts'

const QUOTES = '["\'`\\\\\\])]{0,4}'
const SIGN = '(?:(?::=?|={1,3})>?|>|\\|)\\s{0,4}'
const SIGN_AND_QUOTES = `${SIGN}["'\`\\\\(\\[]{0,4}`
/** Between a name and its value: JSON, YAML, shells, code, markup, or words. */
const TO = `${QUOTES}\\s{0,4}${SIGN_AND_QUOTES}`
const TO_OR_WORDS = `${QUOTES}(?:${SIGN_AND_QUOTES}|\\s{1,4}(?:${SIGN_AND_QUOTES}|(?:is|was)\\s{1,4}["'\`]?))`
/** In quotes it ends with the quote, whatever it is made of. */
const TO_QUOTED = `${QUOTES}\\s{0,4}${SIGN}[\\\\(\\[]{0,3}["'\`]{1,3}([^\\s"'\`]{15,256})["'\`]`
// A value does not begin with what may stand before it.
const OPAQUE = '([\\w+/.~%!@#$^*?-][\\w+/=.~%!@#$^*?-]{14,255})'
// Positions in a list, and what a request is told apart by: to take them out would break whoever must hand them back.
const NOT_SECRET =
  /(?:page|next|continuation|continue|sync|resume|progress|cursor|change|delta|skip|scroll|list|prev|previous|client|idempotency|csrf|xsrf)[-_ ]?$/i

const named = (id: string, literals: string | readonly string[], pattern: string, more: Partial<SecretPattern>): SecretPattern => ({
  id,
  literals: typeof literals === 'string' ? literals.split(' ') : literals,
  pattern,
  inWord: true,
  byName: true,
  ...more,
})

/** Whose keys have no beginning of their own. Between the name and the value may stand what the key is for, and any sign that gives. */
const near = (literals: string, value: string, check: (found: string) => boolean): SecretPattern[] =>
  literals
    .split(' ')
    .map((literal) =>
      named(
        `${literal.replace(/[-_]/g, '')}-key`,
        literal,
        `(?i:${literal})[\\w.\\- \\t]{0,32}(?:[\\r\\n"'\`\\\\][\\s"'\`\\\\]{0,5})?[=:>,|?][\\s"'\`\\\\=:>,|?]{0,11}(${value})`,
        { exact: true, check },
      ),
    )

/** Digests of files and commits, and ids: of a service whose keys look so, they are taken for one. */
const isDigest = (found: string): boolean => /^(?:[0-9a-f]{7,64}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/.test(found)
const looksMade = (found: string): boolean => isOpaque(found) && !isDigest(found)

const KEYS = ['api', 'access', 'private', 'signing', 'auth', 'encryption']
  .flatMap((kind) => ['', '_', '-', ' '].map((between) => `${kind}${between}key`))
  .concat('credential', 'secret key')

// By what their keys are made of. Named after their makers, so that a new form of key is found like the old one.
const OF_ANYTHING =
  'adafruit adobe airtable algolia artifactory asana atlassian auth0 beamer bintray bitbucket bittrex codecov coinbase cohere confluent contentful drone easypost etsy fastly finicity finnhub flickr freemius freshbooks gitter gocardless intercom jfrog jira kraken launchdarkly linkedin looker mailgun mapbox mattermost messagebird mistral netlify newrelic new-relic new_relic nytimes okta paypal plaid rapidapi sendbird sendinblue shodan splunk sumologic telegram trello twitch twitter typeform xray yandex zendesk'
const OF_HEX = 'cloudflare datadog facebook linode mailchimp meraki sourcegraph opsgenie pagerduty rollbar sentry travis twilio vultr wandb'
const OF_UUID = 'heroku hubspot kucoin postmark snyk squarespace'

const SECRET = '(?i:secret|token)[\\w.-]{0,24}'
const KEY = '(?i:(?:a(?:pi|ccess|uth)|private|s(?:igning|ecret)|encryption)[_ -]?key|credential)[\\w.-]{0,24}'
const PASSWORD = '(?i:pass(?:w(?:or)?d|phrase|code))[\\w.-]{0,24}'

export const names: readonly SecretPattern[] = [
  named('password', 'passw passphrase passcode', `${PASSWORD}${TO_OR_WORDS}([^\\s"'\`<>,;&|\\\\=(\\[][^\\s"'\`<>,;&|\\\\]{5,127})`, {
    check: isPasswordLike,
  }),
  named('password', 'pwd', `(?i:pwd)[\\w.-]{0,16}${TO}([^\\s"'\`<>,;&|\\\\/=(\\[][^\\s"'\`<>,;&|\\\\/]{5,127})`, { check: isPasswordLike }),
  named('named-secret', 'secret', `${SECRET}${TO_QUOTED}`, { check: isOpaque }),
  named('named-secret', 'secret', `${SECRET}${TO_OR_WORDS}${OPAQUE}`, { check: isOpaque }),
  named('named-secret', 'token', `${SECRET}${TO_QUOTED}`, { check: isOpaque, notAfter: NOT_SECRET }),
  named('named-secret', 'token', `${SECRET}${TO_OR_WORDS}${OPAQUE}`, { check: isOpaque, notAfter: NOT_SECRET }),
  named('named-key', KEYS, `${KEY}${TO_QUOTED}`, { check: isOpaque }),
  named('named-key', KEYS, `${KEY}${TO_OR_WORDS}${OPAQUE}`, { check: isOpaque }),
  ...near(OF_ANYTHING, '[\\w-][\\w=-]{15,149}', looksMade),
  ...near(OF_HEX, '[\\w-][\\w=-]{15,149}', (found) => /^[0-9a-f]{32,64}$/i.test(found) || looksMade(found)),
  ...near(OF_UUID, '[\\w-][\\w=-]{15,149}', isOpaque),
  ...near('discord', '[MNO][\\w-]{22,27}\\.[\\w-]{6}\\.[\\w-]{27,40}', () => true),
  ...near('dropbox', '[\\w-][\\w=-]{14,149}', (found) => (/^[0-9a-z]{15}$/.test(found) ? /\d/.test(found) : looksMade(found))),
]
