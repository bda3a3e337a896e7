export { toAccept } from './approval.ts'
export { createLaunches, type Launches, type LaunchQuestion, packagesDirOf } from './launches.ts'
export { createPins, isLaunchProblem, type Pins, type PinView, type ServerPin, toView } from './pins.ts'
