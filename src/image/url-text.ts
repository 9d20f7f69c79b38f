/** An address as it may be shown: without user and password, which ends at the last @ before the path. */
export function withoutSecrets(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
}

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}
