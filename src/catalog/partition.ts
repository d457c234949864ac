/**
 * One catalog for every partition: whichever its ARNs are written for, an account gets them in its own, since
 * IAM refuses those of another. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
import type { PolicyDocument } from './catalog.ts'

/** Those that Muster runs in: what an ARN may begin with. */
export const PARTITIONS = ['aws', 'aws-cn', 'aws-us-gov', 'aws-eusc'] as const

/** China and GovCloud have what `arn:aws:` names, AWS's own policies too, under their own name. */
export function inPartition(arn: string, partition: string): string {
  return arn.replace(/^arn:aws[^:]*:/, `arn:${partition}:`)
}

/** The document with every ARN in it, of resources and in conditions, in that partition. */
export function documentIn(document: PolicyDocument, partition: string): PolicyDocument {
  return JSON.parse(JSON.stringify(document), (_element, value: unknown) =>
    typeof value === 'string' ? inPartition(value, partition) : value,
  )
}
