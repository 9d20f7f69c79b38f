/** Addresses that a registry sends: redirects, upload sessions, next pages. One rule of what is gone to at all. */

export interface LocationRule {
  /** Plain http is gone to from https, too. */
  readonly insecure: boolean;
  /** http at the host that we reached by https counts as https: a registry behind a proxy that ends TLS may not know of it. */
  readonly mendsScheme: boolean;
}

/** Why an address is not gone to; `to` is there where it could be read. */
export type LocationFault = { readonly fault: 'unreadable' } | { readonly fault: 'scheme' | 'downgrade'; readonly to: URL };

/** The address without user, password and fragment, which are nobody's to choose but ours. Pure. */
export function checkLocation(location: string, base: URL, { insecure, mendsScheme }: LocationRule): URL | LocationFault {
  if (!URL.canParse(location, base.href)) return { fault: 'unreadable' };
  const to = new URL(location, base);
  if (mendsScheme && base.protocol === 'https:' && to.protocol === 'http:' && to.hostname === base.hostname) to.protocol = 'https:';
  if (to.protocol !== 'https:' && to.protocol !== 'http:') return { fault: 'scheme', to };
  if (base.protocol === 'https:' && to.protocol === 'http:' && !insecure) return { fault: 'downgrade', to };
  to.username = '';
  to.password = '';
  to.hash = '';
  return to;
}
