/**
 * Whether a host is the name of a service (`_catalog._tcp.example`) and not of a machine: SRV records of DNS tell where it answers.
 *
 * @example
 * ```ts
 * import { isServiceName } from '@strangler-toolkit/plan';
 *
 * isServiceName('_catalog._tcp.example'); // true
 * ```
 */
export const isServiceName = (host: string): boolean => /^_[^.]+\._[^.]+\../.test(host);
