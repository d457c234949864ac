/** An account in moto, read as Muster reads every account. */
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { IAMClient, ListOrganizationsFeaturesCommand } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { Registry } from 'prom-client'
import { type Account, endpointsAt, openAccount } from '../../src/aws/account.ts'
import { AwsCallError } from '../../src/aws/errors.ts'
import { known, mapFact } from '../../src/aws/fact.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { gather } from '../../src/compliance/gather.ts'
import type { AccountSnapshot } from '../../src/compliance/snapshot.ts'
import type { Store } from '../../src/store/open.ts'
import { lookAtLogBuckets } from '../../src/trail/log-bucket.ts'
import { EXAMPLE } from '../catalog/simulation.ts'
import { silentLog } from '../harness/databases.ts'
import { musterSettings } from './settings.ts'

/** What states are made with, as anybody would without Muster. */
export interface MotoClients {
  readonly iam: IAMClient
  readonly trails: CloudTrailClient
  readonly s3: S3Client
}

const region = 'us-east-1'
const credentials = { accessKeyId: 'AKIATESTSTESTSTESTS0', secretAccessKey: 'of-no-account' }

/** moto answers 500 to it, as to all that it lacks; waiting for that to pass would take most of the time. */
const notThere = new AwsCallError(
  'ListOrganizationsFeatures',
  Object.assign(new Error('moto lacks it'), { name: 'AccessDenied' }),
)

export async function openLook({ db }: Store, url: string) {
  const opened = await openAccount(db, {
    region,
    endpoints: endpointsAt(url),
    rate: 1000,
    credentials,
    metering: meterCalls(new Registry()),
    log: silentLog,
  })
  const account: Account = {
    ...opened,
    call: (command, more) =>
      command instanceof ListOrganizationsFeaturesCommand
        ? Promise.reject(notThere)
        : opened.call(command, more),
  }
  const options = { endpoint: url, region, credentials }
  const clients: MotoClients = {
    iam: new IAMClient(options),
    trails: new CloudTrailClient(options),
    s3: new S3Client({ ...options, forcePathStyle: true }),
  }
  return {
    clients,
    /**
     * Buckets too, which Muster looks at when it looks for its canary. The credential report is of now: moto says of
     * each that it was made in 2015.
     */
    async look(): Promise<AccountSnapshot> {
      const muster = musterSettings(EXAMPLE)
      const { snapshot } = await gather({ db, account, muster, clock: () => new Date() })
      const trails = snapshot.trails.known ? snapshot.trails.value : []
      const buckets = await lookAtLogBuckets(account, trails)
      const report = mapFact(snapshot.report, (found) => ({ ...found, madeAt: snapshot.takenAt }))
      return { ...snapshot, report, logBuckets: known(buckets) }
    },
    close() {
      for (const client of Object.values(clients)) client.destroy()
      account.close()
    },
  }
}
