import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StranglerError } from '@strangler-toolkit/plan';

export interface TlsPaths {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}
export interface TlsMaterial {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
}

const remedy = 'Name readable PEM files; a key must be the one of its certificate.';
const names = ['cert', 'key', 'ca'] as const;

/** @throws StranglerError CONFIG_INVALID for a file that cannot be read, and for what belongs to no one another */
function readTls(paths: TlsPaths, what: string): TlsMaterial {
  const material: Partial<Record<(typeof names)[number], Buffer>> = {};
  for (const name of names) {
    const path = paths[name];
    if (path === undefined) continue;
    try {
      material[name] = readFileSync(path);
    } catch (cause) {
      throw new StranglerError('CONFIG_INVALID', `edge: ${what}.${name}: ${path} cannot be read`, {
        cause,
        remedy,
      });
    }
  }
  try {
    createSecureContext(material);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new StranglerError('CONFIG_INVALID', `edge: ${what}: ${said}`, { cause, remedy });
  }
  return material;
}

const isSame = (one: TlsMaterial, other: TlsMaterial): boolean =>
  names.every((name) => (one[name] ?? Buffer.alloc(0)).equals(other[name] ?? Buffer.alloc(0)));

export interface WatchedTlsOptions {
  readonly paths: TlsPaths;
  /** Where in the file of the edge. */
  readonly what: string;
  readonly onChange?: (material: TlsMaterial) => void;
  /** Told once for each thing that is wrong. */
  readonly onProblem: (problem: string) => void;
}

/** Certificates that are written anew while the facade runs; files that are no good change nothing. */
export class WatchedTls {
  readonly #options: WatchedTlsOptions;
  #material: TlsMaterial;
  #problem = '';

  /** @throws StranglerError CONFIG_INVALID */
  constructor(options: WatchedTlsOptions) {
    this.#options = options;
    this.#material = readTls(options.paths, options.what);
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  look(): void {
    const { paths, what, onChange, onProblem } = this.#options;
    try {
      const now = readTls(paths, what);
      this.#problem = '';
      if (isSame(now, this.#material)) return;
      this.#material = now;
      onChange?.(now);
    } catch (error) {
      const problem = String(error);
      // half written, perhaps: the next look tells
      if (problem !== this.#problem) onProblem(problem);
      this.#problem = problem;
    }
  }
}
