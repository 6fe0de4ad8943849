/** Where an address points: the escaped path of its namespace (`''` = the root), and the key in it. */
export interface Located {
  readonly path: string;
  readonly key: string;
}

/** Takes apart what `Place.address` has made; null for anything else. */
export function locate(address: string): Located | null {
  if (address.startsWith(':')) return { path: '', key: address.slice(1) };
  if (!address.startsWith('@')) return null;
  for (let at = 1; at < address.length; at++) {
    if (address[at] === '\\') at += 1;
    else if (address[at] === ':') return { path: address.slice(1, at), key: address.slice(at + 1) };
  }
  return null;
}
