/** What a request line asks for, in its own spelling. */
export type RequestTarget =
  | {
      readonly form: 'path';
      /** As it came. */
      readonly path: string;
      /** As it came, with its question mark. */
      readonly search: string;
      /** Of an absolute form: it stands for the Host header (RFC 9112 §3.2.2). */
      readonly authority: string | undefined;
    }
  /** `OPTIONS *`: about the server, not about a path of it. */
  | { readonly form: 'asterisk'; readonly authority: string | undefined }
  | { readonly form: 'faulty'; readonly reason: string };

const faulty = (reason: string): RequestTarget => ({ form: 'faulty', reason });
const absolute = /^https?:\/\/([^/?#]*)(.*)$/is;
const wellFormedHost = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** A host name or address, with or without a port. */
export const isHost = (text: string): boolean => wellFormedHost.test(text);

function pathForm(target: string, authority?: string): RequestTarget {
  const cut = target.indexOf('?');
  return {
    form: 'path',
    path: cut === -1 ? target : target.slice(0, cut),
    search: cut === -1 ? '' : target.slice(cut),
    authority,
  };
}

/** The three forms in which a client may ask an origin server. Nothing is decoded, merged or removed. */
export function readTarget(method: string, target: string): RequestTarget {
  if (target.startsWith('/')) return pathForm(target);
  if (target === '*')
    return method === 'OPTIONS'
      ? { form: 'asterisk', authority: undefined }
      : faulty('the request target * is for OPTIONS only');
  const [, authority = '', rest = ''] = absolute.exec(target) ?? [];
  if (!isHost(authority)) return faulty('the request target must be a path or an http address');
  if (rest === '' && method === 'OPTIONS') return { form: 'asterisk', authority };
  return pathForm(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

/** What an upstream is asked where no context claims a request: the path and query of its target, byte for byte. */
export function targetAsItCame({
  method = 'GET',
  url = '',
}: Readonly<{ method?: string | undefined; url?: string | undefined }>): string {
  const target = readTarget(method, url);
  return target.form === 'path' ? target.path + target.search : url;
}
