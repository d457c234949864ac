import type { AuditEntry } from '../../src/audit/record.ts'

/** `count` entries, one second apart, no two alike. */
export function entries(count: number, more: Partial<AuditEntry> = {}): AuditEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    at: new Date(Date.UTC(2026, 10, 23, 9, 0, i)),
    actor: 'hr',
    action: 'employee.hired',
    employeeId: `E${i}`,
    identityId: '01900000-0000-7000-8000-000000000001',
    details: { role: 'backend-engineer', place: i },
    ...more,
  }))
}
