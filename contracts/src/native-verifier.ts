import { createRequire } from 'node:module';

/** What the native core is asked for one interaction. */
interface NativeOptions {
  readonly provider: string;
  readonly providerBaseUrl: string;
  readonly pactUrls: readonly string[];
  readonly providerStatesSetupUrl: string;
  readonly transports: readonly {
    readonly protocol: 'message';
    readonly port: number;
    readonly path: string;
  }[];
  readonly providerStatesSetupBody: true;
  readonly followRedirects: false;
  readonly timeout: number;
  readonly logLevel: 'error';
}
interface NativeCore {
  readonly default: { verifyPacts(options: NativeOptions): Promise<unknown> };
}

/**
 * The core itself, not pact-js's Verifier around it: that one puts a proxy in between which reads bodies and writes them anew (a
 * form arrives as JSON, a number beyond 2^53 as another one), and follows redirects, so that nobody sees where they lead.
 */
export async function verifyNatively(
  options: Omit<NativeOptions, 'providerStatesSetupBody' | 'followRedirects' | 'logLevel'>,
): Promise<void> {
  const pact = createRequire(import.meta.resolve('@pact-foundation/pact'));
  // Not a dependency of this package but of Pact's, in the version that belongs to it.
  const core = pact('@pact-foundation/pact-core') as NativeCore;
  await core.default.verifyPacts({
    ...options,
    providerStatesSetupBody: true,
    followRedirects: false,
    logLevel: 'error',
  });
}
