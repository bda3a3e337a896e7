// Nothing here runs; the assertion is that it compiles, and that what must not compile does not.
import type { OwnMethod } from '../../src/catalogue/index.ts'
import type {
  Admitted,
  Approved,
  Call,
  CallDetails,
  Executed,
  Executor,
  Identified,
  Produced,
  Received,
  Understood,
} from '../../src/core/index.ts'
import type { Audit } from '../../src/guards/index.ts'
import type { Stages } from '../../src/pipeline/index.ts'
import type { CallWithin } from '../../src/server/calling-within.ts'

declare const stages: Stages
declare const received: Received
declare const identified: Identified
declare const understood: Understood
declare const admitted: Admitted
declare const approved: Approved
declare const executed: Executed
declare const executor: Executor
declare const call: Call
declare const details: CallDetails
declare const audit: Audit
declare const callWithin: CallWithin
declare const asked: Parameters<CallWithin>[1]
declare const own: (method: OwnMethod) => void
declare const produced: Produced

// @ts-expect-error a request that nobody identified has no budget
void stages.limit(received)
// @ts-expect-error nor has one whose message was not read
void stages.limit(identified)
// @ts-expect-error one that was not admitted cannot be authorized
void stages.authorize(understood)
// @ts-expect-error one that was only admitted cannot be validated
void stages.validate(admitted)
// @ts-expect-error nor approved
void stages.approve(admitted)
// @ts-expect-error nor executed
void stages.execute(admitted)
// @ts-expect-error nothing that was not executed can be released
void stages.release(approved)
// @ts-expect-error a literal cannot claim to be identified
void stages.limit({ ...received, principal: call.principal, message: understood.message })
// @ts-expect-error an executor takes a call that began after approval, not a description of one
void executor.execute(details)
// @ts-expect-error nothing leaves that was not released
audit('dec_1', received, { allowed: true, value: executed }, undefined)
// @ts-expect-error what is answered without an entry asks nothing of its caller
own(() => ({ allowed: true, value: produced }))
void callWithin(call, asked)
// @ts-expect-error only a call that was approved, and runs, makes others in its course
void callWithin(details, asked)
// @ts-expect-error nor does a request, however far it has come
void callWithin(approved, asked)
