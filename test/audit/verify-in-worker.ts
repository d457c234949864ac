/** Verifies a chain in a thread of its own, whose memory the test limits. */
import { parentPort, workerData } from 'node:worker_threads'
import { verifyChain } from '../../src/audit/verify.ts'
import { deriveKeys } from '../../src/keys.ts'
import { openStore } from '../../src/store/open.ts'
import { silentLog } from '../harness/databases.ts'

const store = await openStore({ databaseUrl: workerData.databaseUrl, dataDir: '.unused' }, silentLog)
const verification = await verifyChain({
  db: store.db,
  keyring: deriveKeys(workerData.secrets),
  now: workerData.now,
})
await store.close()
parentPort?.postMessage(verification)
