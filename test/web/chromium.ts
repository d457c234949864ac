/**
 * Real Chromium, the system's: `MUSTER_TEST_CHROMIUM` or `chromium` on the PATH. Where it is not there, the
 * suite is reported as skipped; with `MUSTER_REQUIRE_ALL=1` it fails instead.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'

export function forChromium(suite: (launch: () => Promise<Browser>) => void): void {
  const executablePath = process.env.MUSTER_TEST_CHROMIUM ?? onPath('chromium') ?? onPath('chromium-browser')
  const missing = 'no Chromium: install it, or name one in MUSTER_TEST_CHROMIUM'
  if (executablePath) {
    // Root has no sandbox of Chromium's; the pages are our own.
    describe('chromium', () => suite(() => chromium.launch({ executablePath, args: ['--no-sandbox'] })))
  } else if (process.env.MUSTER_REQUIRE_ALL === '1') {
    test('chromium', () => {
      throw new Error(missing)
    })
  } else test('chromium', { skip: missing })
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
