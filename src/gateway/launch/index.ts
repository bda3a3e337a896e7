export { createLaunches, type Launches, type LaunchQuestion, packagesDirOf } from './launches.ts'
