/** Tokens of code hosting, package registries, builds and tests, as their makers document them. @module */

import { exactToken, type SecretPattern, token, UUID } from './pattern.ts'

export const code: readonly SecretPattern[] = [
  token('sallyport-key', 'spk_', 'spk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}'),
  token('github-token', 'ghp_ gho_ ghu_ ghs_ ghr_', 'gh[pousr]_[0-9A-Za-z]{36,}'),
  token('github-token', 'github_pat_', 'github_pat_\\w{22,}'),
  token(
    'gitlab-token',
    'glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct- glwt-',
    'gl(?:p(?:at|tt)|dt|rtr?|cbt|f(?:t|fct)|imt|agent|oas|soat|wt)-[\\w.-]{18,}',
  ),
  token('gitlab-runner-token', 'gr1348941', 'GR1348941[\\w-]{20}'),
  token('gitlab-session', '_gitlab_session=', '_gitlab_session=([0-9a-z]{32})', { inWord: true }),
  token('atlassian-token', 'atatt3 atctt3', 'AT[AC]TT3[\\w=-]{60,}'),
  token('bitbucket-token', 'atbb', 'ATBB[A-Za-z0-9]{32}'),
  token('npm-token', 'npm_', 'npm_[0-9A-Za-z]{36}'),
  token('pypi-token', 'pypi-', 'pypi-Ag[\\w-]{50,}'),
  token('rubygems-key', 'rubygems_', 'rubygems_[0-9a-f]{48}'),
  exactToken('nuget-key', 'oy2', 'oy2[a-z0-9]{43}'),
  exactToken('crates-token', 'cio', 'cio[A-Za-z0-9]{32}', {
    check: (key) => /\d/.test(key) && /[A-Z]/.test(key) && /[a-z]/.test(key.slice(3)),
  }),
  token('clojars-token', 'clojars_', '(?i:CLOJARS)_[a-z0-9]{60}'),
  token('docker-token', 'dckr_pat_ dckr_oat_', 'dckr_[po]at_[\\w-]{24,}'),
  token('jfrog-key', 'akcp', 'AKCp[0-9A-Za-z]{60,}'),
  token('jfrog-token', 'cmvmd', 'cmVmd[0-9A-Za-z]{59}'),
  token('circleci-token', 'ccipat_ cciprj_', 'CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}'),
  token('buildkite-token', 'bkua_ bkct_ bkaj_', 'bk(?:ua|ct|aj)_[A-Za-z0-9_]{40,}'),
  token('sonar-token', 'sqp_ squ_ sqa_', 'sq[pua]_[0-9a-f]{40}'),
  token('sourcegraph-token', 'sgp_', 'sgp_(?:local_)?[0-9A-Fa-f]{40}'),
  token('sourcegraph-token', 'sgp_', 'sgp_[0-9A-Fa-f]{16}_[0-9A-Fa-f]{40}'),
  token('harness-key', 'pat. sat.', '[ps]at\\.[\\w-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20}'),
  token('octopus-key', 'api-', 'API-[A-Z0-9]{26,36}', { check: (key) => /\d/.test(key) }),
  token('postman-key', 'pmak-', 'PMAK-[0-9a-f]{24}-[0-9a-f]{34}'),
  token('readme-key', 'rdme_', 'rdme_[0-9a-z]{60,}'),
  token('snyk-token', 'snyk_', 'snyk_[a-z]{2,4}\\.[\\w.-]{30,}'),
  token('intra42-secret', 's-s4t2', 's-s4t2(?:ud|af)-[0-9a-f]{64}'),
  token('figma-token', 'figd_ figo_ figu_', 'fig[dou]_[\\w-]{40}'),
  token('linear-key', 'lin_api_ lin_oauth_', 'lin_(?:api|oauth)_[A-Za-z0-9]{32,}'),
  token('contentful-token', 'cfpat-', 'CFPAT-[\\w-]{43}'),
  token('postgres-ai-token', 'pgai_', `pgai_${UUID}`),
]
