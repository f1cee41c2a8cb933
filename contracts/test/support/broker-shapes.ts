/** What the Pact Broker's repository records of its answers, as paths and kinds: what this toolkit reads has to be among it. */
export const recorded = {
  // doc/views/index, spec/features of the index
  index: ['_links.self.href: string', '_links.pb:publish-contracts.href: string'],
  // approvals/publish_contract_nothing_exists
  published: [
    'notices[].type: string',
    'notices[].text: string',
    '_embedded.pacticipant.name: string',
    '_embedded.version.number: string',
    '_links.pb:contracts[].name: string',
    '_links.pb:contracts[].href: string',
  ],
  // approvals/publish_contract_with_validation_error
  invalid: ['errors.pacticipantVersionNumber[]: string'],
  // resources/publish_contracts: set_conflict_response
  conflict: ['notices[].type: string', 'notices[].text: string', 'errors.contracts[]: string'],
  // approvals/get_provider_pacts_for_verification, doc/views/provider-pacts-for-verification
  forVerification: [
    '_embedded.pacts[].shortDescription: string',
    '_embedded.pacts[].verificationProperties.pending: boolean',
    '_embedded.pacts[].verificationProperties.notices[].when: string',
    '_embedded.pacts[].verificationProperties.notices[].text: string',
    '_embedded.pacts[]._links.self.href: string',
    '_embedded.pacts[]._links.self.name: string',
    '_links.self.title: string',
  ],
  // decorators/pact_decorator
  pact: [
    '_links.self.title: string',
    '_links.self.name: string',
    '_links.pb:publish-verification-results.title: string',
    '_links.pb:publish-verification-results.href: string',
  ],
  // approvals/features_can_i_deploy_approval_spec, features_get_matrix_approval_spec
  canIDeploy: [
    'summary.deployable: boolean',
    'summary.reason: string',
    'summary.success: number',
    'summary.failed: number',
    'summary.unknown: number',
    'notices[].type: string',
    'notices[].text: string',
  ],
  // the pact of pact_broker-client: "a request for a pacticipant version"
  version: [
    '_links.pb:record-deployment[].name: string',
    '_links.pb:record-deployment[].href: string',
  ],
  // the same: "a request to list the environments", "a request to create an environment"
  environments: [
    '_embedded.environments[].uuid: string',
    '_embedded.environments[].name: string',
    '_embedded.environments[].displayName: string',
    '_embedded.environments[].production: boolean',
  ],
  // approvals/docs_webhooks_webhooks_post
  webhook: [
    'uuid: string',
    'description: string',
    'enabled: boolean',
    'events[].name: string',
    '_links.self.href: string',
  ],
} as const;

/** The fields that the same recordings send. */
export const sent = {
  publish: [
    'pacticipantName',
    'pacticipantVersionNumber',
    'branch',
    'tags',
    'buildUrl',
    'contracts',
  ],
  contract: [
    'consumerName',
    'providerName',
    'specification',
    'contentType',
    'content',
    'onConflict',
  ],
  forVerification: [
    'consumerVersionSelectors',
    'includePendingStatus',
    'includeWipPactsSince',
    'providerVersionBranch',
  ],
  // doc/views/publish-verification-results, decorators/verification_decorator
  result: ['success', 'providerApplicationVersion', 'buildUrl', 'testResults', 'verifiedBy'],
  environment: ['name', 'displayName', 'production', 'contacts'],
  webhook: ['description', 'consumer', 'provider', 'events', 'request'],
  webhookRequest: ['method', 'url', 'headers', 'body', 'username', 'password'],
} as const;

/** Every path that a body has, with the kind of what stands there. */
export function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value))
    return [...new Set(value.flatMap((one: unknown) => shapeOf(one, `${path}[]`)))];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, one]) =>
      shapeOf(one, path === '' ? key : `${path}.${key}`),
    );
  return [`${path}: ${value === null ? 'null' : typeof value}`];
}
