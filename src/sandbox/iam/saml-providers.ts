/** SAML identity providers: how people of a company's own directory come into the account. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { moment } from './account-state.ts'
import * as is from './names.ts'

const withArn = { SAMLProviderArn: required(is.arn) }
// AWS takes the end from the document's certificates; this one reads none.
const validMs = 100 * 365 * 86_400_000

export const samlProviderOperations: OperationTable = {
  CreateSAMLProvider: writes(
    {
      Name: required(is.samlProviderName),
      SAMLMetadataDocument: required({ type: 'text', min: 1000, max: 10_000_000 }),
      Tags: is.tags,
    },
    (account, { Name: name, SAMLMetadataDocument: document }, { now }) => {
      const arn = `arn:aws:iam::${account.accountId}:saml-provider/${name}`
      if (account.samlProviders.has(arn)) {
        throw new Refusal('EntityAlreadyExists', `Provider ${name} already exists.`)
      }
      if (!/<(\w+:)?EntityDescriptor\b/.test(document)) {
        throw new Refusal('InvalidInput', 'Could not parse metadata')
      }
      const validUntil = moment(new Date(now.getTime() + validMs))
      account.samlProviders.set(arn, { arn, createDate: moment(now), validUntil })
      return { SAMLProviderArn: arn }
    },
  ),
  ListSAMLProviders: reads({}, (account) => ({
    SAMLProviderList: [...account.samlProviders.values()].map(({ arn, createDate, validUntil }) => ({
      Arn: arn,
      ValidUntil: validUntil,
      CreateDate: createDate,
    })),
  })),
  DeleteSAMLProvider: writes(withArn, (account, { SAMLProviderArn: arn }) => {
    if (account.samlProviders.delete(arn)) return
    throw new Refusal('NoSuchEntity', `Manifest not found for arn ${arn}`)
  }),
}
