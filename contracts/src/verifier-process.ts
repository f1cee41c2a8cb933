import { Verifier } from '@pact-foundation/pact';

interface Settings {
  readonly provider: string;
  readonly url: string;
  readonly stateUrl?: string;
  readonly file: string;
  readonly timeoutMs: number;
}

// Written by the parent process, which is this package.
const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
try {
  await new Verifier({
    provider: settings.provider,
    providerBaseUrl: settings.url,
    pactUrls: [settings.file],
    timeout: settings.timeoutMs,
    logLevel: 'error',
    ...(settings.stateUrl === undefined ? {} : { providerStatesSetupUrl: settings.stateUrl }),
  }).verifyProvider();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
