/**
 * Tokens as their vendors publish the forms of, each made up, in carriers that tools answer with: env files, JSON, YAML, logs, addresses,
 * commands, code. Written without a look at the list of patterns, so that what is found of them says something about what else is found.
 * Whoever changes a pattern because of a row here ends that, and says so in docs/redaction.md.
 *
 * @module
 */

import { createHash } from 'node:crypto'

export interface Unseen {
  readonly kind: string
  readonly secret: string
  readonly text: string
}

const DIGITS = '0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
let made = 0

/** The same ones each time, so that a figure can be told from another run's. */
function some(alphabet: string, length: number): string {
  let out = ''
  for (let block = 0; out.length < length; block++)
    for (const byte of createHash('sha512').update(`unseen ${made} ${block}`).digest())
      if (byte < 256 - (256 % alphabet.length)) out += alphabet[byte % alphabet.length]
  made++
  return out.slice(0, length)
}
const digits = (length: number): string => some(DIGITS, length)
const hex = (length: number): string => some(`${DIGITS}abcdef`, length)
const alnum = (length: number): string => some(`${UPPER}${LOWER}${DIGITS}`, length)
const lower = (length: number): string => some(`${LOWER}${DIGITS}`, length)
const upper = (length: number): string => some(`${UPPER}${DIGITS}`, length)
const base32 = (length: number): string => some(`${UPPER}234567`, length)
const url64 = (length: number): string => some(`${UPPER}${LOWER}${DIGITS}-_`, length)
const base64 = (length: number): string => some(`${UPPER}${LOWER}${DIGITS}+/`, length)
const uuid = (): string => [8, 4, 4, 4, 12].map(hex).join('-')
const jwt = (): string =>
  [
    { alg: 'RS256', kid: hex(8) },
    { sub: uuid(), exp: 1_900_000_000 },
  ]
    .map(part)
    .concat(url64(86))
    .join('.')
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function row(kind: string, secret: string, around: (secret: string) => string): Unseen {
  return { kind, secret, text: around(secret) }
}
const env =
  (name: string) =>
  (secret: string): string =>
    `# .env.production\nPORT=8080\n${name}=${secret}\nNODE_ENV=production\n`
const quoted =
  (name: string) =>
  (secret: string): string =>
    `export const config = {\n  region: 'eu-west-1',\n  ${name}: '${secret}',\n}\n`
const json =
  (name: string) =>
  (secret: string): string =>
    JSON.stringify({ id: 17, name: 'build bot', [name]: secret, createdAt: '2026-03-04T10:11:12Z' })
const yaml =
  (name: string) =>
  (secret: string): string =>
    `services:\n  web:\n    image: web:1.4\n    environment:\n      ${name}: ${secret}\n      LOG_LEVEL: info\n`
const log = (secret: string): string => `2026-11-02T08:14:55.120Z WARN  [worker-3] upstream answered 401 for ${secret} (attempt 2 of 5)`
const bearer = (secret: string): string =>
  `curl -sS -X POST https://api.example.net/v2/items -H "Authorization: Bearer ${secret}" -d @item.json`
const mail = (secret: string): string => `Hi Jo,\nas you asked, the new one is ${secret} and it works from Monday on.\nBest, Sam`

export function unseenTokens(): Unseen[] {
  made = 0
  return rows()
}

const rows = (): Unseen[] => [
  // Code hosts, registries and builds
  row('github-fine-grained', `github_pat_${alnum(22)}_${alnum(59)}`, (s) => `git clone https://oauth2:${s}@github.com/acme/site.git`),
  row('github-installation', `ghs_${alnum(36)}`, log),
  row('gitlab-personal', `glpat-${url64(20)}`, yaml('GITLAB_TOKEN')),
  row('gitlab-runner', `glrt-${url64(20)}`, (s) => `[[runners]]\n  name = "ci-1"\n  token = "${s}"\n  executor = "docker"`),
  row('bitbucket-app-password', `ATBB${alnum(32)}`, (s) => `remote: https://jo:${s}@bitbucket.org/acme/site`),
  row('npm', `npm_${alnum(36)}`, (s) => `//npm.acme.example/:_authToken=${s}\nalways-auth=true`),
  row('pypi', `pypi-AgEIcHlwaS5vcmc${url64(160)}`, (s) => `[pypi]\nusername = __token__\npassword = ${s}`),
  row('rubygems', `rubygems_${hex(48)}`, mail),
  row('docker-hub', `dckr_pat_${url64(27)}`, (s) => `echo ${s} | docker login -u acme --password-stdin`),
  row('circleci', `CCIPAT_${alnum(22)}_${hex(40)}`, log),
  row('buildkite', `bkua_${hex(40)}`, bearer),
  row('sonar', `squ_${hex(40)}`, (s) => `mvn sonar:sonar -Dsonar.login=${s}`),
  row('postman', `PMAK-${hex(24)}-${hex(34)}`, json('key')),
  // Clouds
  row('aws-access-key', `AKIA${base32(16)}`, log),
  row('aws-secret', base64(40), env('AWS_SECRET_ACCESS_KEY')),
  row('aws-secret-json', base64(40), json('SecretAccessKey')),
  row('google-api-key', `AIza${url64(35)}`, (s) => `GET https://maps.googleapis.com/maps/api/geocode/json?address=Bonn&key=${s} 200 41ms`),
  row('google-client-secret', `GOCSPX-${url64(28)}`, json('client_secret')),
  row('google-refresh', `1//0${url64(98)}`, json('refresh_token')),
  row('google-access', `ya29.${url64(180)}`, log),
  row('azure-client-secret', `${alnum(3)}8Q~${url64(34)}`, mail),
  row(
    'azure-storage',
    `${base64(86)}==`,
    (s) => `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${s};EndpointSuffix=core.windows.net`,
  ),
  row(
    'azure-sas',
    `${encodeURIComponent(`${base64(43)}=`)}`,
    (s) => `https://acme.blob.core.windows.net/in/a.csv?sv=2024-11-04&se=2027-01-01&sr=b&sp=r&sig=${s}`,
  ),
  row('digitalocean', `dop_v1_${hex(64)}`, env('DO_PAT')),
  row('heroku', `HRKU-AA${url64(58)}`, log),
  row('cloudflare-origin', `v1.0-${hex(24)}-${hex(146)}`, yaml('CA_KEY')),
  row('cloudflare-token', url64(40), env('CLOUDFLARE_API_TOKEN')),
  row('vault-service', `hvs.CAES${url64(90)}`, (s) => `Success! You are now authenticated.\nKey      Value\n---      -----\ntoken    ${s}`),
  row('terraform-cloud', `${alnum(14)}.atlasv1.${url64(67)}`, (s) => `credentials "app.terraform.io" {\n  token = "${s}"\n}`),
  row('pulumi', `pul-${hex(40)}`, mail),
  row('databricks', `dapi${hex(32)}`, quoted('host_pat')),
  row('tailscale', `tskey-auth-k${alnum(11)}CNTRL-${alnum(32)}`, (s) => `tailscale up --authkey ${s} --hostname db-2`),
  row('doppler', `dp.st.prd.${alnum(43)}`, env('DOPPLER')),
  row('planetscale', `pscale_tkn_${url64(43)}`, log),
  row('supabase', `sbp_${hex(40)}`, mail),
  row('netlify', `nfp_${alnum(40)}`, bearer),
  // Models
  row('openai-project', `sk-proj-${url64(74)}T3BlbkFJ${url64(74)}`, quoted('apiKey')),
  row('anthropic', `sk-ant-api03-${url64(93)}AA`, (s) => `curl https://api.anthropic.com/v1/messages --header "x-api-key: ${s}"`),
  row('hugging-face', `hf_${alnum(34)}`, (s) => `huggingface-cli login --token ${s}`),
  row('groq', `gsk_${alnum(52)}`, log),
  row('replicate', `r8_${alnum(37)}`, mail),
  row('perplexity', `pplx-${alnum(48)}`, json('value')),
  row('xai', `xai-${alnum(80)}`, env('GROK')),
  row('openrouter', `sk-or-v1-${hex(64)}`, log),
  row('langsmith', `lsv2_pt_${hex(32)}_${hex(10)}`, env('LANGCHAIN')),
  // Payments
  row('stripe-live', `sk_live_${alnum(99)}`, log),
  row('stripe-webhook', `whsec_${alnum(32)}`, quoted('endpoint')),
  row('square', `EAAA${url64(60)}`, bearer),
  row('shopify', `shpat_${hex(32)}`, (s) => `X-Shopify-Access-Token: ${s}`),
  row('plaid', `access-production-${uuid()}`, json('access')),
  row('razorpay-secret', alnum(24), env('RAZORPAY_KEY_SECRET')),
  row('braintree', `access_token$production$${lower(16)}$${hex(32)}`, mail),
  row('easypost', `EZAK${alnum(54)}`, log),
  // Mail, chat and work
  row('sendgrid', `SG.${url64(22)}.${url64(43)}`, log),
  row('mailgun', `key-${hex(32)}`, (s) => `curl -s --user 'api:${s}' https://api.mailgun.net/v3/mg.example.net/messages`),
  row('mailchimp', `${hex(32)}-us21`, env('MAILCHIMP_API_KEY')),
  row('brevo', `xkeysib-${hex(64)}-${alnum(16)}`, mail),
  row('twilio-auth', hex(32), env('TWILIO_AUTH_TOKEN')),
  row('twilio-key', `SK${hex(32)}`, log),
  row('slack-bot', `xoxb-${digits(12)}-${digits(13)}-${alnum(24)}`, yaml('BOT')),
  row('slack-app', `xapp-1-A${upper(10)}-${digits(13)}-${hex(64)}`, log),
  row('slack-webhook', `T${upper(8)}/B${upper(10)}/${alnum(24)}`, (s) => `notify: https://hooks.slack.com/services/${s} # deploys`),
  row('discord-bot', `MT${alnum(24)}.G${alnum(5)}.${url64(38)}`, (s) => `client.login("${s}")`),
  row('discord-webhook', url64(68), (s) => `https://discord.com/api/webhooks/${digits(18)}/${s}`),
  row('telegram', `${digits(10)}:AA${url64(33)}`, (s) => `GET https://api.telegram.org/bot${s}/getUpdates`),
  row(
    'atlassian',
    `ATATT3xFfGF0${url64(171)}=${upper(8)}`,
    (s) => `curl -u jo@example.net:${s} https://acme.atlassian.net/rest/api/3/myself`,
  ),
  row('linear', `lin_api_${alnum(40)}`, log),
  row('notion', `ntn_${digits(11)}${alnum(35)}`, mail),
  row('figma', `figd_${url64(40)}`, (s) => `X-Figma-Token: ${s}`),
  row('airtable', `pat${alnum(14)}.${hex(64)}`, log),
  row('asana', `2/${digits(16)}/${digits(16)}:${hex(32)}`, bearer),
  row('dropbox', `sl.u.${url64(140)}`, log),
  row('intercom', `dG9rOj${base64(54)}=`, json('access_token')),
  row('zendesk', alnum(40), (s) => `curl https://acme.zendesk.com/api/v2/users.json -u jo@example.net/token:${s}`),
  row('okta', `00${url64(40)}`, (s) => `Authorization: SSWS ${s}`),
  // What is watched
  row('grafana-service', `glsa_${alnum(32)}_${hex(8)}`, log),
  row('new-relic', `NRAK-${upper(27)}`, yaml('NR')),
  row('sentry', `sntryu_${hex(64)}`, mail),
  row('datadog', hex(32), env('DD_API_KEY')),
  row('honeycomb', `hcaik_01${lower(56)}`, env('HONEYCOMB')),
  // What has no vendor
  row('jwt', jwt(), (s) => `set-cookie: sid=${s}; Path=/; HttpOnly`),
  row('bearer-opaque', url64(43), bearer),
  row('postgres-url', `Tr4vel-${alnum(9)}`, (s) => `DATABASE_URL=postgres://app:${s}@db.internal:5432/shop?sslmode=require`),
  row('mongodb-url', alnum(16), (s) => `MongoServerError: bad auth for mongodb+srv://svc:${s}@c0.ab1cd.mongodb.net/prod`),
  row('redis-url', alnum(20), (s) => `REDIS_URL=rediss://:${s}@cache.example.net:6380/0`),
  row('jdbc', `Wint3r!${alnum(6)}`, (s) => `spring.datasource.url=jdbc:mysql://db:3306/shop?user=shop&password=${s}&useSSL=true`),
  row('odbc', `h7$K${alnum(8)}`, (s) => `Server=tcp:acme.database.windows.net,1433;Database=shop;Uid=app;Pwd=${s};Encrypt=yes;`),
  row(
    'basic-header',
    Buffer.from(`jo:${alnum(14)}`).toString('base64'),
    (s) => `> GET /v1/me HTTP/1.1\n> Authorization: Basic ${s}\n> Accept: */*`,
  ),
  row('netrc', alnum(18), (s) => `machine files.example.net login jo password ${s}`),
  row('docker-config', Buffer.from(`acme:${alnum(20)}`).toString('base64'), (s) => `{"auths":{"registry.example.net":{"auth":"${s}"}}}`),
  row(
    'kubernetes-secret',
    Buffer.from(`S3nd-${alnum(15)}`).toString('base64'),
    (s) => `apiVersion: v1\nkind: Secret\ndata:\n  db-password: ${s}\n`,
  ),
  row(
    'kubeconfig-key',
    Buffer.from(`-----BEGIN EC PRIVATE KEY-----\n${base64(160)}`).toString('base64'),
    (s) => `users:\n- name: admin\n  user:\n    client-key-data: ${s}\n`,
  ),
  row('mysql-command', `Qu1et${alnum(7)}`, (s) => `mysqldump -h db.internal -u root -p${s} shop > shop.sql`),
  row('sshpass', `Br1ght-${alnum(6)}`, (s) => `sshpass -p '${s}' ssh deploy@10.0.4.7 uptime`),
  row('openssh-key', `b3BlbnNzaC1rZXktdjEAAAAA${base64(300)}`, (s) =>
    JSON.stringify({ file: `-----BEGIN OPENSSH PRIVATE KEY-----\n${s}\n-----END OPENSSH PRIVATE KEY-----\n` }),
  ),
  row('service-account', `MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${base64(400)}`, (s) =>
    JSON.stringify({
      type: 'service_account',
      private_key: `-----BEGIN PRIVATE KEY-----\n${s}\n-----END PRIVATE KEY-----\n`,
      client_email: 'a@b.iam.gserviceaccount.com',
    }),
  ),
  row(
    'age',
    `AGE-SECRET-KEY-1${some('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`,
    (s) => `# created: 2026-01-02\n# public key: age1xyz\n${s}`,
  ),
  row('one-time-seed', base32(32), (s) => `otpauth://totp/Acme:jo@example.net?secret=${s}&issuer=Acme`),
  row('api-key-query', hex(40), (s) => `GET /data?lat=50.7&lon=7.1&api_key=${s} HTTP/1.1`),
  row('password-json', `Blu3-${alnum(8)}!`, json('password')),
  row('python-code', alnum(32), (s) => `client = Client("https://api.example.net", api_key="${s}", timeout=30)`),
  row('django-key', `django-insecure-${some(`${LOWER}${DIGITS}!@#%^&*(-_=+)`, 50)}`, (s) => `SECRET_KEY = '${s}'\nDEBUG = False`),
  row('session-cookie', alnum(32), (s) => `Cookie: theme=dark; sessionid=${s}; lang=en`),
]
