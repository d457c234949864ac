import { rootArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

/** The benchmark would rather have federated people than IAM users at all. It is asked, so it is answered. */
export const samlProvider: Control = {
  id: 'saml-provider',
  title: 'There is a SAML provider, so that people can come by federation',
  practice: 'least-privilege',
  severity: 'low',
  remedy:
    'Make a SAML provider of your identity provider and move people to roles; record an exception if IAM users are what you want.',
  checks: ['iam_check_saml_providers_sts'],
  judge: (snapshot) =>
    withFacts({ providers: snapshot.samlProviders }, ({ providers }) => {
      const finding = {
        resource: rootArn(snapshot),
        message: 'The account has no SAML provider',
        evidence: { providers },
      }
      return verdictOf(providers.length === 0 ? [finding] : [], { providers })
    }),
}
