/** What the processes of one world agree upon. */
export const adminToken = 'the-admin-token-of-the-benchmarks'
export const hrSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** Where the sandbox is, and whose account it has. */
export interface SandboxPlace {
  readonly url: string
  readonly accountId: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface MusterSettings {
  readonly databaseUrl: string
  /** `MUSTER_IAM_RATE` */
  readonly iamRate: number
  readonly sandbox: SandboxPlace
}
