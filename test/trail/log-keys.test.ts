import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  accountFolder,
  digestFolder,
  digestKeyBefore,
  type LogPlace,
  logFolder,
  logKeyBefore,
  organizationsIn,
  readDigestKey,
  timeOfLogKey,
} from '../../src/trail/log-keys.ts'

const place: LogPlace = {
  bucket: 'logs',
  keyPrefix: null,
  organizationId: null,
  accountId: '123456789012',
  region: 'us-east-1',
}
const source = { trailName: 'main', homeRegion: 'eu-west-1' }

// Names from https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
const logKey =
  'AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/17/111122223333_CloudTrail_us-east-2_20150817T1445Z_9nYN7gp2eWAJHIfT.json.gz'
const digestKey =
  'AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/111122223333_CloudTrail-Digest_us-east-2_your-trail-name_us-east-2_20150817T150131Z.json.gz'
const inOhio = { ...place, accountId: '111122223333', region: 'us-east-2' }
const yourTrail = { trailName: 'your-trail-name', homeRegion: 'us-east-2' }

test('the files of an account lie below its id, below the organization and the prefix where there are such', () => {
  assert.equal(logFolder(place), 'AWSLogs/123456789012/CloudTrail/us-east-1/')
  assert.equal(digestFolder(place), 'AWSLogs/123456789012/CloudTrail-Digest/us-east-1/')
  const inOrganization = { ...place, keyPrefix: 'audit/all', organizationId: 'o-a1b2c3d4e5' }
  assert.equal(accountFolder(inOrganization), 'audit/all/AWSLogs/o-a1b2c3d4e5/123456789012/')
})

test('the names of the documentation tell their time', () => {
  assert.deepEqual(timeOfLogKey(logKey), new Date('2015-08-17T14:45:00Z'))
  assert.deepEqual(readDigestKey(inOhio, yourTrail, digestKey), {
    key: digestKey,
    endedAt: new Date('2015-08-17T15:01:31Z'),
    isBackfill: false,
  })
  const backfill = digestKey.replace('.json.gz', '_backfill.json.gz')
  assert.equal(readDigestKey(inOhio, yourTrail, backfill)?.isBackfill, true)
})

test('what is no log file has no time', () => {
  for (const key of [digestKey, '', 'AWSLogs/', logKey.replace('1445', '2575'), logKey.replace('.gz', '')]) {
    assert.equal(timeOfLogKey(key), undefined, key)
  }
})

test('a digest of another trail in the same bucket is not taken for one of this trail', () => {
  const others = [
    { ...yourTrail, trailName: 'your-trail' },
    { ...yourTrail, trailName: 'your-trail-name_us-east-2' },
    { ...yourTrail, homeRegion: 'us-east-1' },
  ]
  for (const other of others) assert.equal(readDigestKey(inOhio, other, digestKey), undefined)
  assert.equal(readDigestKey({ ...inOhio, keyPrefix: 'audit' }, yourTrail, digestKey), undefined)
})

test('a listing that starts at a moment has each file of that minute and later, and none before', () => {
  const minutes = fc.date({
    min: new Date('2020-01-01T00:00:00Z'),
    max: new Date('2039-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  const names = fc.stringMatching(/^[A-Za-z0-9]{16}$/)
  fc.assert(
    fc.property(minutes, minutes, names, (from, written, name) => {
      const key = `${logKeyBefore(place, written)}Z_${name}.json.gz`
      const minute = (at: Date) => Math.floor(at.getTime() / 60_000)
      assert.equal(timeOfLogKey(key)?.getTime(), minute(written) * 60_000)
      assert.equal(key > logKeyBefore(place, from), minute(written) >= minute(from))
      const digest = `${digestKeyBefore(place, source, written)}Z.json.gz`
      const second = (at: Date) => Math.floor(at.getTime() / 1000)
      assert.equal(digest > digestKeyBefore(place, source, from), second(written) >= second(from))
    }),
  )
})

test('organizations are found among the folders', () => {
  const folders = [
    'x/AWSLogs/123456789012/',
    'x/AWSLogs/o-a1b2c3d4e5/',
    'x/AWSLogs/other/',
    'x/AWSLogs/o-zz/',
  ]
  assert.deepEqual(organizationsIn(folders), ['o-a1b2c3d4e5', 'o-zz'])
})

test('what has another name than CloudTrail gives is none of its files', () => {
  for (const key of [
    digestKey.replace('/2015/08/17/', '/2015/08/17/x/'),
    digestKey.replace('/2015/08/17/', '/'),
    digestKey.replace('/2015/08/17/', `/2015/${'x'.repeat(500)}/`),
  ]) {
    assert.equal(readDigestKey(inOhio, yourTrail, key), undefined, key)
  }
  for (const name of ['a\u0001', 'ä', ' ', 'x'.repeat(200)]) {
    assert.equal(timeOfLogKey(logKey.replace(/_[^_]+\.json/, `_${name}.json`)), undefined, name)
  }
})
