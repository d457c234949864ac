/** Who and what the conformance script is about. */
export const account = '123456789012'
const own = (name: string) => `arn:aws:iam::${account}:policy/muster/${name}`
export const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
export const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
export const nobody = { UserName: 'nobody' }
export const ada = { UserName: 'ada' }
export const grace = { UserName: 'grace' }
export const engineers = { GroupName: 'engineers' }
export const reader = { PolicyArn: own('reader') }
export const unknownPolicy = { PolicyArn: own('unknown') }
