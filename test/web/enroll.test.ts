/** The enrollment as a person does it: real Chromium, on a phone and on a desktop, with script and without. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import decodeQR from 'qr/decode.js'
import { codeOfStep, fromBase32, stepAt } from '../../src/sandbox/index.ts'
import { call, openServiceOnPglite, type RunningService } from '../harness/service.ts'
import { forChromium } from './chromium.ts'

/** Where pictures of every page go; the ones in docs/images are made with it. */
const pictures = process.env.MUSTER_TEST_PICTURES

const windows = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
} as const

forChromium((launch) => {
  let it: RunningService
  let browser: Browser
  let origin: string
  before(async () => {
    it = await openServiceOnPglite()
    origin = await it.service.app.listen({ host: '127.0.0.1', port: 0 })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await it?.close()
  })

  async function linkFor(employeeId: string, data: Readonly<Record<string, unknown>> = {}): Promise<string> {
    await it.hire(employeeId, data)
    await it.until(employeeId, 'awaiting_mfa')
    const { link } = await it.api('POST', `/v1/employees/${employeeId}/enrollments`)
    return `${origin}${new URL(link).pathname}`
  }

  for (const [name, options] of Object.entries(windows)) {
    for (const javaScriptEnabled of [true, false]) {
      const how = `${name}, ${javaScriptEnabled ? 'with' : 'without'} script`
      test(`a joiner enrolls: ${how}`, async () => {
        const employeeId = `W-${name}-${javaScriptEnabled ? 'js' : 'plain'}`
        const page = await (await browser.newContext({ ...options, javaScriptEnabled })).newPage()
        const foreign: string[] = []
        page.on('request', (request) => {
          if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
            foreign.push(request.url())
        })
        const shoot = pictureTaker(page, javaScriptEnabled ? name : undefined)

        const link = await linkFor(employeeId, { givenName: 'Zoë' })
        await page.goto(link)
        await page.getByRole('heading', { name: 'Welcome, Zoë' }).waitFor()
        await shoot('1-welcome')
        await fitsTheWindow(page)
        await page.getByRole('button', { name: 'Start' }).click()

        await page.getByRole('heading', { name: 'Scan this' }).waitFor()
        await shoot('2-scan')
        await fitsTheWindow(page)
        const seed = await scannedSeed(browser, page)
        await page.getByText('I cannot scan it').click()
        const shown = await page.locator('details .secret').innerText()
        assert.equal(shown.replaceAll(' ', ''), seed)

        await page.getByLabel('First code').fill('000 000')
        await page.getByLabel('Next code').fill('111111')
        await page.getByRole('button', { name: 'Continue' }).click()
        await page.getByRole('alert').waitFor()
        assert.match(await page.getByRole('alert').innerText(), /9 tries are left/)
        await shoot('3-wrong-codes')
        await fitsTheWindow(page)

        const step = stepAt(new Date())
        const [code1, code2] = [step, step + 1].map((each) => codeOfStep(fromBase32(seed), each)) as [
          string,
          string,
        ]
        await page.getByLabel('First code').fill(`${code1.slice(0, 3)} ${code1.slice(3)}`)
        await page.getByLabel('Next code').fill(code2)
        await page.keyboard.press('Enter')

        await page.getByRole('heading', { name: 'Your MFA device is active' }).waitFor()
        await shoot('4-password')
        await fitsTheWindow(page)
        assert.equal((await page.locator('dd .secret').innerText()).length, 20)
        await it.until(employeeId, 'active')

        const reopened = await page.goto(link)
        assert.equal(reopened?.status(), 404)
        await shoot('5-over')
        assert.deepEqual(foreign, [])
        await page.context().close()
      })
    }
  }

  test('an access key is shown once, after a proof of MFA', async () => {
    const employeeId = 'W-key'
    const page = await (await browser.newContext(windows.desktop)).newPage()
    const shoot = pictureTaker(page, 'desktop')
    await page.goto(await linkFor(employeeId, { role: 'site-reliability-engineer' }))
    await page.getByRole('button', { name: 'Start' }).click()
    const seed = await scannedSeed(browser, page)
    await sendCodes(page, seed, 0)
    await page.getByRole('heading', { name: 'Your MFA device is active' }).waitFor()
    const { user_name } = await it.until(employeeId, 'active')
    const { link } = await it.api('POST', `/v1/employees/${employeeId}/access-keys`)
    await page.goto(`${origin}${new URL(link).pathname}`)
    await page.getByRole('button', { name: 'Start' }).click()
    await sendCodes(page, seed, 2)
    await page.getByRole('heading', { name: 'Your access key' }).waitFor()
    await shoot('6-access-key')
    await fitsTheWindow(page)
    const keys = call(it.sandbox, 'ListAccessKeys', { UserName: user_name }).AccessKeyMetadata as unknown as {
      AccessKeyId: string
    }[]
    assert.deepEqual(await page.locator('dd .secret').first().innerText(), keys[0]?.AccessKeyId)
    await page.context().close()
  })
})

async function sendCodes(page: Page, seed: string, stepsAway: number): Promise<void> {
  const step = stepAt(new Date()) + stepsAway
  await page.getByLabel('First code').fill(codeOfStep(fromBase32(seed), step))
  await page.getByLabel('Next code').fill(codeOfStep(fromBase32(seed), step + 1))
  await page.getByRole('button', { name: 'Continue' }).click()
}

interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: number[]
}

/** What an authenticator app reads from the picture on the page. */
async function scannedSeed(browser: Browser, page: Page): Promise<string> {
  const source = await page.locator('figure img').getAttribute('src')
  const scanner = await (await browser.newContext()).newPage()
  const pixels = await scanner.evaluate<Pixels>(`(async () => {
    const image = new Image()
    image.src = ${JSON.stringify(source)}
    await image.decode()
    const drawing = new OffscreenCanvas(image.width, image.height).getContext('2d')
    drawing.drawImage(image, 0, 0)
    const { width, height, data } = drawing.getImageData(0, 0, image.width, image.height)
    return { width, height, data: [...data] }
  })()`)
  await scanner.context().close()
  const text = decodeQR({ ...pixels, data: Uint8ClampedArray.from(pixels.data) })
  return new URL(text).searchParams.get('secret') ?? ''
}

async function fitsTheWindow(page: Page): Promise<void> {
  const { width } = page.viewportSize() ?? { width: 0 }
  const needed = await page.evaluate<number>('document.documentElement.scrollWidth')
  assert.ok(needed <= width, `the page is ${needed} wide in a window of ${width}`)
}

function pictureTaker(page: Page, name: string | undefined) {
  return async (what: string) => {
    if (!pictures || name === undefined) return
    mkdirSync(pictures, { recursive: true })
    await page.screenshot({ path: `${pictures}/enroll-${name}-${what}.png`, fullPage: true })
  }
}
