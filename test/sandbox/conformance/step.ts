/** A step of the conformance script: one SDK call, sent to the sandbox and to moto alike. */
import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import * as iam from '@aws-sdk/client-iam'
import * as s3 from '@aws-sdk/client-s3'

export interface Step {
  /** A sentence fragment, unique. */
  readonly name: string
  readonly operation: string
  readonly send: (clients: Clients, seen: Seen) => Promise<unknown>
}
export interface Clients {
  readonly iam: iam.IAMClient
  readonly cloudtrail: cloudtrail.CloudTrailClient
  readonly s3: s3.S3Client
}
/** Outputs of earlier steps, by name. */
export interface Seen {
  // biome-ignore lint/suspicious/noExplicitAny: outputs of a hundred operations, read by their field names
  of(stepName: string): any
}

type CommandName = Extract<keyof typeof iam, `${string}Command`>
type Input<Name extends CommandName> = (typeof iam)[Name] extends new (
  ...args: infer Arguments
) => unknown
  ? NonNullable<Arguments[0]>
  : never

export function step<Name extends CommandName>(
  name: string,
  command: Name,
  input: Input<Name> | ((seen: Seen) => Input<Name>),
): Step {
  return untyped(name, command, input)
}

/** For names that are put together, which the types cannot follow. */
export function untyped(name: string, command: string, input: unknown): Step {
  return made(name, command, iam, 'iam', input)
}

export function trailStep(name: string, command: `${string}Command`, input: object): Step {
  return made(name, command, cloudtrail, 'cloudtrail', input)
}

export function bucketStep(name: string, command: `${string}Command`, input: object): Step {
  return made(name, command, s3, 's3', input)
}

type CommandClass = new (input: unknown) => unknown

function made(name: string, command: string, sdk: object, client: keyof Clients, input: unknown): Step {
  const Command = (sdk as Readonly<Record<string, CommandClass | undefined>>)[command]
  if (!Command) throw new Error(`${command} is no command of the SDK`)
  return {
    name,
    operation: command.replace(/Command$/, ''),
    send(clients, seen) {
      const sender = clients[client] as { send(command: unknown): Promise<unknown> }
      return sender.send(new Command(typeof input === 'function' ? input(seen) : input))
    },
  }
}
