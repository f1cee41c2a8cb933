import {
  type ErrorCode,
  isStranglerError,
  StranglerError,
  tlsFailure,
} from '@strangler-toolkit/plan';

/** Written down here, because the package is optional: what the CLI needs of @strangler-toolkit/contracts. */
export type StateSetup =
  | { readonly url: string }
  | { readonly command: string }
  | { readonly sql: Readonly<Record<string, string>>; readonly database: string }
  | { readonly present: string; readonly values?: Readonly<Record<string, unknown>> };

export type MessageSource = { readonly outbox: string } | { readonly url: string };

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  /** With its question mark; a package of an earlier release tells none. */
  readonly search?: string;
  /** Names in lower case; a package of an earlier release tells none. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProviderAddress {
  readonly url: string;
  /** Where its messages are published; `elsewhere`: it is not asked for them. */
  readonly messages?: MessageSource | 'elsewhere';
  /** Depends on the request where a facade decides who answers. */
  readonly states?: StateSetup | ((request: AskedRequest) => StateSetup | undefined);
}

export interface InteractionResult {
  readonly consumer: string;
  readonly description: string;
  readonly verdict: 'kept' | 'broken' | 'unreachable' | 'state-not-entered' | 'pending' | 'message';
  readonly ok: boolean;
  readonly mismatch: string;
  /** Name of its file. */
  readonly pact: string;
  /** Its whole pact proves nothing yet and fails nothing. */
  readonly notRequired?: NotRequired;
  /** Of such a one: whether it would be kept; undefined where it could not be asked. */
  readonly held?: boolean;
}

export type NotRequired = 'pending' | 'wip';

export interface SideResult {
  readonly ok: boolean;
  readonly url: string;
  readonly interactions: readonly InteractionResult[];
  /** Files of pacts of which others were asked the messages. */
  readonly notAsked?: readonly string[];
  readonly seconds: number;
}

export type VerifyPacts = (options: {
  readonly pactsDir: string;
  readonly provider: string;
  readonly sides: Readonly<Record<string, ProviderAddress>>;
  readonly onProgress?: (progress: {
    readonly side: string;
    readonly done: number;
    readonly total: number;
    readonly interaction: InteractionResult;
  }) => void;
  readonly signal?: AbortSignal;
  readonly notRequired?: Readonly<Record<string, NotRequired>>;
}) => Promise<Record<string, SideResult>>;

export type ReadInteractions = (
  pactsDir: string,
  provider: string,
) => Promise<
  readonly {
    readonly consumer: string;
    readonly description: string;
    readonly kind: 'http' | 'message';
    readonly pact: string;
  }[]
>;

/** The verifier has a native core: only this command loads it. @throws StranglerError CONTRACTS_NOT_INSTALLED */
export async function loadVerifier(): Promise<VerifyPacts> {
  // The package's own types are held to these by the contracts' tests.
  const verify = (await loadPackage('verifyPacts')) as VerifyPacts;
  return (options) =>
    verify(options).catch((error: unknown) => {
      throw known(error);
    });
}

/** @throws StranglerError CONTRACTS_NOT_INSTALLED */
export async function loadReader(): Promise<ReadInteractions> {
  const read = (await loadPackage('readInteractions')) as ReadInteractions;
  return (...where) =>
    read(...where).catch((error: unknown) => {
      throw known(error);
    });
}

type Wanted =
  | 'verifyPacts'
  | 'readInteractions'
  | 'openBroker'
  | 'parseSelector'
  | 'readPactFiles'
  | 'usualWebhookBody';

/** @throws StranglerError CONTRACTS_NOT_INSTALLED */
export async function loadPackage(wanted: Wanted): Promise<unknown> {
  const name = '@strangler-toolkit/contracts';
  let loaded: unknown;
  try {
    loaded = await import(name);
  } catch (cause) {
    throw new StranglerError(
      'CONTRACTS_NOT_INSTALLED',
      `${name} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const found: unknown =
    typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, wanted) : undefined;
  if (found !== undefined) return found;
  throw new StranglerError(
    'CONTRACTS_NOT_INSTALLED',
    `${name} has no ${wanted}: its version does not fit`,
  );
}

const passing: readonly ErrorCode[] = [
  'PACTS_NOT_FOUND',
  'CONFIG_INVALID',
  'CANCELLED',
  'BROKER_UNREACHABLE',
  'BROKER_AUTH',
  'BROKER_NOT_FOUND',
  'BROKER_CONFLICT',
  'BROKER_REFUSED',
  'BROKER_FAILED',
  'BROKER_UNSUITABLE',
];

/** The package's own errors carry a code too; those that this toolkit knows pass with it. */
export function known(error: unknown): unknown {
  if (isStranglerError(error) || !(error instanceof Error)) return error;
  const tls = tlsFailure(error.cause);
  if (tls !== undefined) return new StranglerError(tls, error.message, { cause: error });
  const own: unknown = Reflect.get(error, 'code');
  const code = passing.find((one) => one === own);
  return code === undefined ? error : new StranglerError(code, error.message, { cause: error });
}
