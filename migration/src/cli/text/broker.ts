import type { PublishResult } from '../../steps/contracts/broker/publish.ts';
import type { RecordedDeployment } from '../../steps/contracts/broker/deployment-recorder.ts';
import type { EnvironmentResult, WebhookResult } from '../../steps/contracts/broker/setup.ts';
import type { ContractsResult } from '../../steps/contracts/verify.ts';

/** What became of the results at the broker; nothing where files were the source. */
export const resultsText = ({ broker }: ContractsResult): string[] =>
  Object.entries(broker?.results ?? {}).map(([side, note]) =>
    note.published
      ? `results of the ${side} published for version ${note.version}` +
        (note.left.length === 0 ? '' : `, but not of ${note.left.join(', ')}: not all was asked`)
      : `results of the ${side} not published: ${note.why}`,
  );

/** A broker's own words stand on stderr while it is published; a warning is worth reading twice. */
export const publishText = ({ broker, version, branch, published }: PublishResult): string =>
  [
    ...published.map(
      ({ consumer, providers }) =>
        `${consumer} ${version}${branch === undefined ? '' : ` (${branch})`}: pacts with ${providers.join(', ')} published`,
    ),
    ...published.flatMap(({ notices }) =>
      notices.filter(({ type }) => type === 'warning').map(({ text }) => `warning: ${text}`),
    ),
    `at ${broker}`,
  ].join('\n');

export const deploymentText = ({
  pacticipant,
  version,
  environment,
  side,
}: RecordedDeployment): string =>
  `${pacticipant} ${version} (the ${side}) is recorded as deployed in ${environment}`;

export const environmentText = ({ name, created, production }: EnvironmentResult): string =>
  `environment ${name} ${created ? 'made' : 'is there already'}${production ? ' (production)' : ''}`;

export const webhookText = ({ provider, description, url, created }: WebhookResult): string =>
  `webhook "${description}" ${created ? 'made' : 'renewed'}: POST ${url} when a pact with ${provider} wants verification`;
