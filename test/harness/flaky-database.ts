/** A PostgreSQL server that goes away and comes back: a TCP relay in front of the real one. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FlakyDatabase {
  /** Where to connect to instead of the real server. */
  readonly url: string
  /** Ends all connections, and refuses new ones. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  /** Nothing gets through any more, in either direction, and nobody is told: connecting still works. */
  freeze(): void
  /** All goes on as if nothing had been. */
  thaw(): void
  /** New connections work again, those of before stay silent for ever: the server is another one now. */
  failOver(): void
  close(): Promise<void>
}

type Pair = readonly [inbound: Socket, outbound: Socket]

export async function startFlakyDatabase(realUrl: string): Promise<FlakyDatabase> {
  const real = new URL(realUrl)
  const pairs = new Set<Pair>()
  let silent = new Set<Pair>()
  let frozen = false
  const server = createServer((inbound) => {
    const outbound = connect(Number(real.port || 5432), real.hostname)
    const pair: Pair = [inbound, outbound]
    pairs.add(pair)
    for (const [from, to] of [pair, pair.toReversed() as unknown as Pair]) {
      from.on('error', () => to.destroy())
      from.on('close', () => {
        pairs.delete(pair)
        to.destroy()
      })
    }
    if (frozen) silence(pair)
    else join(pair)
  })

  function silence(pair: Pair): void {
    const [inbound, outbound] = pair
    inbound.unpipe(outbound).pause()
    outbound.unpipe(inbound).pause()
    silent.add(pair)
  }

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async function goAway(): Promise<void> {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of [...pairs].flat()) socket.destroy()
    await closed
  }

  const port = await listen(0)
  const url = new URL(realUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    url: url.href,
    goAway,
    comeBack: async () => void (await listen(port)),
    freeze() {
      frozen = true
      pairs.forEach(silence)
    },
    thaw() {
      frozen = false
      silent.forEach(join)
      silent = new Set()
    },
    failOver() {
      frozen = false
      silent = new Set()
    },
    close: goAway,
  }
}

function join([inbound, outbound]: Pair): void {
  inbound.pipe(outbound).pipe(inbound)
}
