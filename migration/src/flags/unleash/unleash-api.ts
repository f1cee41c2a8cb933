import { StranglerError } from '@strangler-toolkit/plan';
import type { UnleashSettings } from './unleash-settings.ts';

export interface UnleashAnswer {
  readonly status: number;
  /** Parsed JSON; text when it is none. */
  readonly body: unknown;
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return (cause instanceof Error && cause.message) || error.message;
};

/** Unleash's admin API over HTTP, with its refusals as errors that say what to do. */
export class UnleashApi {
  readonly #settings: UnleashSettings;

  constructor(settings: UnleashSettings) {
    this.#settings = settings;
  }

  /** @throws StranglerError UNLEASH_UNREACHABLE, UNLEASH_AUTH */
  async call(method: string, path: string, json?: unknown): Promise<UnleashAnswer> {
    const { url, adminToken } = this.#settings;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: adminToken,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal: AbortSignal.timeout(10_000),
      });
      text = await response.text();
    } catch (cause) {
      throw new StranglerError(
        'UNLEASH_UNREACHABLE',
        `Unleash at ${url} cannot be reached: ${reasonOf(cause)}`,
        { cause },
      );
    }
    if (response.status === 401 || response.status === 403) {
      const why = adminToken === '' ? ': UNLEASH_ADMIN_TOKEN is not set' : '';
      throw new StranglerError(
        'UNLEASH_AUTH',
        `Unleash at ${url} refuses the token (${response.status})${why}`,
      );
    }
    return { status: response.status, body: parsedOrText(text) };
  }

  /** @throws StranglerError as `call`, and CONFIG_INVALID when the path is not known */
  async expect(method: string, path: string, json?: unknown): Promise<void> {
    const { status, body } = await this.call(method, path, json);
    if (status >= 300) throw this.unexpected(method, path, { status, body });
  }

  unexpected(method: string, path: string, { status, body }: UnleashAnswer): StranglerError {
    const { environment, project, url } = this.#settings;
    if (status === 404) {
      return new StranglerError(
        'CONFIG_INVALID',
        `Unleash does not know ${path} (project "${project}", environment "${environment}")`,
        {
          remedy:
            'Set UNLEASH_PROJECT and UNLEASH_ENVIRONMENT to a project and an environment that exist.',
        },
      );
    }
    const told = JSON.stringify(body).slice(0, 300);
    return new StranglerError(
      'UNLEASH_UNREACHABLE',
      `Unleash at ${url} answered ${status} to ${method} ${path}: ${told}`,
    );
  }
}

function parsedOrText(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // an answer that is no JSON stays text for the message
    return text;
  }
}
