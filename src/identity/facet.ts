/** What IAM says of one side of a user; `unknown` where a read failed. */
export type Facet<T> = T | 'unknown'
