/** Lifecycle events, the employee they add up to, and what that employee is at a moment. Pure: no I/O, no clock. */
export type { Employee, PendingEvent } from './employee.ts'
export * from './events.ts'
export { fold } from './fold.ts'
export { isMoment, isTimeZone, resolveMoment } from './moments.ts'
export { adminSource, inOrder, nextAdminMoment, type Statements } from './statements.ts'
export { type EmployeeView, type EmploymentStatus, employeeAt, type Override } from './view.ts'
