/** The report for other programs, finding by finding: all of them, a page of the table at a time. */
import { and, asc, eq, gt } from 'drizzle-orm'
import type { Database } from '../store/open.ts'
import { complianceFindings } from '../store/schema.ts'
import {
  exceptionOf,
  type StandingControl,
  type StandingException,
  type StandingPractice,
} from './standing.ts'
import type { FindingRow } from './store.ts'
import type { AccountView } from './view.ts'

/** A finding with all that is known about it, or a control without any. */
export interface ExportRow {
  readonly account: AccountView
  readonly practice: StandingPractice
  readonly control: StandingControl
  readonly finding: FindingRow | null
  readonly exception: StandingException | undefined
}

const pageSize = 1000

export async function* exportRows(
  db: Database,
  accounts: readonly AccountView[],
): AsyncGenerator<ExportRow, void, void> {
  for (const account of accounts) {
    for (const practice of account.practices) {
      for (const control of practice.controls) {
        let isEmpty = true
        for await (const finding of findingsOf(db, account.accountId, control.id)) {
          isEmpty = false
          const exception = exceptionOf(finding.resource, control.exceptions)
          yield { account, practice, control, finding, exception }
        }
        if (isEmpty) yield { account, practice, control, finding: null, exception: undefined }
      }
    }
  }
}

async function* findingsOf(
  db: Database,
  accountId: string,
  control: string,
): AsyncGenerator<FindingRow, void, void> {
  let last: string | undefined = ''
  while (last !== undefined) {
    const rows: FindingRow[] = await db
      .select()
      .from(complianceFindings)
      .where(
        and(
          eq(complianceFindings.accountId, accountId),
          eq(complianceFindings.control, control),
          gt(complianceFindings.resource, last),
        ),
      )
      .orderBy(asc(complianceFindings.resource))
      .limit(pageSize)
    yield* rows
    last = rows.length === pageSize ? rows.at(-1)?.resource : undefined
  }
}
