/** What became of one try to send a message. The words of an error are our own: a server's might repeat the link. */
export type Sending =
  | { readonly result: 'sent' }
  /** Worth another try. */
  | { readonly result: 'failed'; readonly error: string }
  /** No other try would help. */
  | { readonly result: 'given up'; readonly error: string }

export const sent: Sending = { result: 'sent' }
export const failed = (error: string): Sending => ({ result: 'failed', error })
export const givenUp = (error: string): Sending => ({ result: 'given up', error })
