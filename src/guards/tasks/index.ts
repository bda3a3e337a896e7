export type { AnswerOf } from './ending.ts'
export { createTaskGate, type TaskGate } from './task-gate.ts'
export { createTasks, type TaskBounds, type Tasks } from './tasks.ts'
