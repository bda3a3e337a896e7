export type { AnswerOf } from './ending.ts'
export { createTaskGate, type TaskGate, type TaskGateOptions } from './task-gate.ts'
export type { TaskError } from './task-state.ts'
export { createTasks, type TaskBounds, type Tasks, type TasksOptions } from './tasks.ts'
