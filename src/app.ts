/** The Fastify application, composed from plugins and routes. */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { AppDeps } from './http/deps.ts'
import { collectRoutes, serveDescription } from './http/openapi.ts'
import { requireToken, tokenOf } from './http/plugins/auth.ts'
import { gaugeCompliance } from './http/plugins/compliance-gauges.ts'
import { readJsonBodies } from './http/plugins/json-bodies.ts'
import { useLoadShedding } from './http/plugins/load-shedding.ts'
import {
  answerBrokenRequest,
  answerNotFound,
  answerWithProblem,
  useProblems,
} from './http/plugins/problems.ts'
import { gaugeQueues } from './http/plugins/queue-gauge.ts'
import { useRequestLog } from './http/plugins/request-log.ts'
import { useSecurityHeaders } from './http/plugins/security-headers.ts'
import { refuseUnknownQueries } from './http/plugins/strict-queries.ts'
import { auditRoutes } from './http/routes/audit.ts'
import { awsEventRoutes } from './http/routes/aws-events.ts'
import { complianceRoutes } from './http/routes/compliance.ts'
import { complianceRecordRoutes } from './http/routes/compliance-records.ts'
import { DeadLetterSchema, deadLetterRoutes } from './http/routes/dead-letters.ts'
import { deliveryRoutes } from './http/routes/deliveries.ts'
import { driftRoutes } from './http/routes/drifts.ts'
import { employeeChangeRoutes } from './http/routes/employee-changes.ts'
import { employeeRoutes } from './http/routes/employees.ts'
import { enrollmentRoutes } from './http/routes/enrollments.ts'
import { healthRoutes } from './http/routes/health.ts'
import { notificationRoutes } from './http/routes/notifications.ts'
import { offboardingRoutes } from './http/routes/offboarding.ts'
import { operationRoutes } from './http/routes/operations.ts'
import { passwordPolicyRoutes } from './http/routes/password-policy.ts'
import { roleRoutes } from './http/routes/roles.ts'
import { usageRoutes } from './http/routes/usage.ts'
import { webhookRoutes } from './http/routes/webhooks.ts'
import { AuditEventSchema, VerificationSchema } from './http/schemas/audit.ts'
import {
  ComplianceExceptionSchema,
  ComplianceFindingSchema,
  ComplianceHistorySchema,
  ComplianceScanSchema,
  ComplianceSchema,
} from './http/schemas/compliance.ts'
import { DeliverySchema } from './http/schemas/delivery.ts'
import { DriftSchema } from './http/schemas/drift.ts'
import { EmployeeSchema, IdentitySchema, PlanPreviewSchema } from './http/schemas/employee.ts'
import { EnrollmentSchema, NewEnrollmentSchema } from './http/schemas/enrollment.ts'
import { NotificationSchema } from './http/schemas/notification.ts'
import { OffboardingSchema } from './http/schemas/offboarding.ts'
import { OperationSchema } from './http/schemas/operation.ts'
import { PasswordPolicyLookSchema } from './http/schemas/password-policy.ts'
import { ProblemSchema } from './http/schemas/problem.ts'
import { RoleSchema } from './http/schemas/role.ts'
import { GroupUsageSchema } from './http/schemas/usage.ts'
import { buildSerializer } from './http/serialization.ts'
import { validatorCompiler } from './http/validation.ts'
import { enrollRoutes } from './web/enroll-routes.ts'

/** Admin requests are small; the webhooks have a limit of their own. */
const bodyLimitBytes = 64 * 1024

const namedSchemas = [
  ProblemSchema,
  IdentitySchema,
  EmployeeSchema,
  PlanPreviewSchema,
  EnrollmentSchema,
  NewEnrollmentSchema,
  OffboardingSchema,
  OperationSchema,
  DeliverySchema,
  RoleSchema,
  DriftSchema,
  PasswordPolicyLookSchema,
  GroupUsageSchema,
  DeadLetterSchema,
  NotificationSchema,
  ComplianceSchema,
  ComplianceScanSchema,
  ComplianceFindingSchema,
  ComplianceHistorySchema,
  ComplianceExceptionSchema,
  AuditEventSchema,
  VerificationSchema,
]

/** The whole HTTP side, ready to listen or to be injected into. Closing it closes nothing of `deps`. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const log: FastifyBaseLogger = deps.log.child({}, { redact: ['req.headers', 'headers', 'authorization'] })
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    // A request that comes in drops holds its memory before anybody knows whose it is.
    requestTimeout: 30_000,
    trustProxy: false,
    // Ids of HR may be long, and longer still in percent-encoding.
    routerOptions: { maxParamLength: 16_384 },
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildSerializer } },
    frameworkErrors: answerWithProblem,
    clientErrorHandler: answerBrokenRequest,
  })
  app.setValidatorCompiler(validatorCompiler)
  for (const schema of namedSchemas) app.addSchema(schema)
  app.decorateRequest('actor', '')

  useProblems(app)
  useRequestLog(app, deps.registry)
  gaugeQueues(deps.registry, deps.jobs)
  gaugeCompliance(deps.registry, () => deps.compliance.view())
  await useSecurityHeaders(app)
  await useLoadShedding(app)
  await collectRoutes(app)

  await app.register(healthRoutes, { deps })
  await app.register(webhookRoutes, { deps })
  await app.register(awsEventRoutes, { deps })
  await app.register(enrollRoutes, { context: deps.enrollments })
  await app.register(
    async (v1) => {
      await requireToken(v1, [tokenOf('admin', deps.config.adminToken)])
      v1.setNotFoundHandler(answerNotFound)
      readJsonBodies(v1)
      refuseUnknownQueries(v1)
      v1.addHook('onSend', async (_request, reply) => {
        reply.header('cache-control', 'no-store')
      })
      await v1.register(employeeRoutes, { deps })
      await v1.register(employeeChangeRoutes, { deps })
      await v1.register(offboardingRoutes, { deps })
      await v1.register(enrollmentRoutes, { deps })
      await v1.register(operationRoutes, { deps })
      await v1.register(deliveryRoutes, { deps })
      await v1.register(deadLetterRoutes, { deps })
      await v1.register(notificationRoutes, { deps })
      await v1.register(roleRoutes, { deps })
      await v1.register(passwordPolicyRoutes, { deps })
      await v1.register(complianceRoutes, { deps })
      await v1.register(complianceRecordRoutes, { deps })
      await v1.register(usageRoutes, { deps })
      await v1.register(driftRoutes, { deps })
      await v1.register(auditRoutes, { deps })
    },
    { prefix: '/v1' },
  )
  await serveDescription(app)
  await app.ready()
  return app
}
