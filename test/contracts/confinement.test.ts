import { createBubblewrap } from '../../src/sandbox/index.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { describeConfinement } from './confinement.ts'

describeConfinement('bubblewrap', () => createBubblewrap(), {
  holds: ['files', 'links', 'network', 'processes', 'starting', 'memory', 'scratch'],
  skip: needsBubblewrap.skip,
})
