/** Every setting: read once, validated, frozen. A missing or malformed one stops the start with one line. */
import type { AwsEndpoints } from './aws/account.ts'
import { ConfigError } from './config-error.ts'
import {
  address,
  type Environment,
  endpointUrls,
  eventsKeys,
  iamPath,
  integer,
  longToken,
  mailServer,
  oneOf,
  passwordKinds,
  positiveNumber,
  postgresUrl,
  type Read,
  reader,
  region,
  required,
  secretKeys,
  sender,
  text,
  userNameTemplate,
  webhookSecrets,
  webUrl,
} from './config-values.ts'
import { type PasswordPolicy, recommendedPolicy, weakParts } from './credentials/password-policy.ts'
import { type RotationRules, usualRotation } from './identity/rotation.ts'
import type { MailSettings, NotifySettings } from './notify/settings.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  readonly adminToken: string
  readonly hrSecrets: readonly string[]
  /** What AWS's EventBridge shows with every event; without any, no event is taken. */
  readonly awsEventsKeys: readonly string[]
  readonly catalogFile: string
  readonly publicUrl: string
  /** The first one signs, all of them verify. */
  readonly secretKeys: readonly string[]
  readonly iamRate: number
  readonly iamPath: string
  readonly role: 'all' | 'api' | 'worker'
  readonly mode: 'enforce' | 'observe'
  readonly trailGate: 'enforce' | 'warn'
  readonly retentionDays: number
  readonly deliveryRetentionDays: number
  readonly userNameTemplate: string
  readonly passwordPolicy: PasswordPolicy
  readonly rotation: RotationRules
  /** How long a one-time link can be used. */
  readonly enrollmentHours: number
  readonly notify: NotifySettings
  readonly sandbox: { readonly port: number } | undefined
  readonly aws: {
    readonly region: string
    readonly endpoints: AwsEndpoints
  }
  readonly logLevel: string
}

/**
 * @param env as in `process.env`; a variable that is set to nothing counts as unset
 * @throws ConfigError at the first setting that is missing or malformed
 */
export function readConfig(env: Environment, { sandbox = false } = {}): Config {
  const read = reader(env)
  const inSandbox = sandbox || read('MUSTER_SANDBOX', oneOf('0', '1'), '0') === '1'
  const host = read('HOST', text, '127.0.0.1')
  const port = read('PORT', integer(0, 65_535), 8080)
  const databaseUrl = read('MUSTER_DATABASE_URL', postgresUrl, undefined)
  const role = read('MUSTER_ROLE', oneOf('all', 'api', 'worker'), 'all')
  if (!databaseUrl && role !== 'all') {
    throw new ConfigError(
      `MUSTER_ROLE=${role} needs PostgreSQL: set MUSTER_DATABASE_URL, or leave MUSTER_ROLE at "all" with the embedded database`,
    )
  }
  return Object.freeze({
    host,
    port,
    databaseUrl,
    dataDir: read('MUSTER_DATA_DIR', text, '.muster'),
    adminToken: read('MUSTER_ADMIN_TOKEN', longToken, required),
    hrSecrets: read('MUSTER_HR_SECRETS', webhookSecrets, []),
    awsEventsKeys: read('MUSTER_AWS_EVENTS_KEY', eventsKeys, []),
    catalogFile: read('MUSTER_CATALOG', text, 'catalog/roles.yaml'),
    publicUrl: read('MUSTER_PUBLIC_URL', webUrl, `http://${host.includes(':') ? `[${host}]` : host}:${port}`),
    secretKeys: read('MUSTER_SECRET_KEY', secretKeys, required),
    iamRate: read('MUSTER_IAM_RATE', positiveNumber, 10),
    iamPath: read('MUSTER_IAM_PATH', iamPath, '/muster/'),
    role,
    mode: read('MUSTER_MODE', oneOf('enforce', 'observe'), 'enforce'),
    trailGate: read('MUSTER_TRAIL_GATE', oneOf('enforce', 'warn'), 'enforce'),
    retentionDays: read('MUSTER_RETENTION_DAYS', integer(0, 3650), 30),
    deliveryRetentionDays: read('MUSTER_DELIVERY_RETENTION_DAYS', integer(1, 3650), 30),
    userNameTemplate: read('MUSTER_USER_NAME_TEMPLATE', userNameTemplate, '{given}.{family}'),
    passwordPolicy: readPasswordPolicy(read),
    rotation: readRotation(read),
    enrollmentHours: read('MUSTER_ENROLLMENT_HOURS', integer(1, 720), 72),
    notify: readNotify(read),
    sandbox: inSandbox ? { port: read('MUSTER_SANDBOX_PORT', integer(0, 65_535), 4599) } : undefined,
    aws: {
      region: read('AWS_REGION', region, read('AWS_DEFAULT_REGION', region, 'us-east-1')),
      endpoints: {
        iam: readEndpoint(read, 'IAM'),
        sts: readEndpoint(read, 'STS'),
        cloudtrail: readEndpoint(read, 'CLOUDTRAIL'),
        s3: readEndpoint(read, 'S3'),
      },
    },
    logLevel: read(
      'MUSTER_LOG_LEVEL',
      oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
      'info',
    ),
  })
}

const readEndpoint = (read: Read, service: string) =>
  read(`AWS_ENDPOINT_URL_${service}`, webUrl, read('AWS_ENDPOINT_URL', webUrl, undefined))

/** A setting that makes the policy weaker than what is recommended needs a word of its own. */
function readPasswordPolicy(read: Read): PasswordPolicy {
  const kinds = read('MUSTER_PASSWORD_KINDS', passwordKinds, ['upper', 'lower', 'digit', 'symbol'])
  const maxAgeDays = read('MUSTER_PASSWORD_MAX_AGE_DAYS', integer(0, 1095), recommendedPolicy.maxAgeDays ?? 0)
  const policy: PasswordPolicy = {
    minimumLength: read('MUSTER_PASSWORD_MIN_LENGTH', integer(6, 128), recommendedPolicy.minimumLength),
    requiresUppercase: kinds.includes('upper'),
    requiresLowercase: kinds.includes('lower'),
    requiresDigits: kinds.includes('digit'),
    requiresSymbols: kinds.includes('symbol'),
    usersMayChangeTheirOwn: true,
    maxAgeDays: maxAgeDays === 0 ? null : maxAgeDays,
    rememberedPasswords: read(
      'MUSTER_PASSWORD_REMEMBERED',
      integer(0, 24),
      recommendedPolicy.rememberedPasswords,
    ),
    hardExpiry: read('MUSTER_PASSWORD_HARD_EXPIRY', oneOf('0', '1'), '0') === '1',
  }
  const isWeak = weakParts(recommendedPolicy, policy).length > 0
  if (isWeak && read('MUSTER_PASSWORD_WEAKER', oneOf('0', '1'), '0') !== '1') {
    throw new ConfigError(
      'MUSTER_PASSWORD_* is weaker than 14 characters of all four kinds, 24 remembered, 90 days: ' +
        'set MUSTER_PASSWORD_WEAKER=1 if that is meant',
    )
  }
  return policy
}

function readRotation(read: Read): RotationRules {
  const days = integer(1, 3650)
  const rules: RotationRules = {
    ...usualRotation,
    warnAfterDays: read('MUSTER_KEY_WARN_DAYS', days, usualRotation.warnAfterDays),
    disableAfterDays: read('MUSTER_KEY_MAX_AGE_DAYS', days, usualRotation.disableAfterDays),
    deleteAfterDays: read('MUSTER_KEY_DELETE_AFTER_DAYS', days, usualRotation.deleteAfterDays),
    unusedDays: read('MUSTER_UNUSED_DAYS', days, usualRotation.unusedDays),
  }
  if (rules.warnAfterDays >= rules.disableAfterDays) {
    throw new ConfigError(
      `MUSTER_KEY_WARN_DAYS must be less than MUSTER_KEY_MAX_AGE_DAYS (${rules.disableAfterDays})`,
    )
  }
  return rules
}

function readNotify(read: Read): NotifySettings {
  const endpoints = read('MUSTER_NOTIFY_URLS', endpointUrls, [])
  const secrets = read('MUSTER_NOTIFY_SECRET', webhookSecrets, endpoints.length > 0 ? required : [])
  return {
    endpoints,
    secrets,
    linksToEndpoints: read('MUSTER_NOTIFY_LINKS', oneOf('0', '1'), '0') === '1',
    mail: readMail(read),
  }
}

function readMail(read: Read): MailSettings | undefined {
  const smtpUrl = read('MUSTER_SMTP_URL', mailServer, undefined)
  const admin = read('MUSTER_MAIL_ADMIN', address, undefined)
  if (smtpUrl === undefined) {
    if (admin === undefined) return undefined
    throw new ConfigError('MUSTER_MAIL_ADMIN needs a mail server: set MUSTER_SMTP_URL and MUSTER_MAIL_FROM')
  }
  return { smtpUrl, from: read('MUSTER_MAIL_FROM', sender, required), admin }
}
