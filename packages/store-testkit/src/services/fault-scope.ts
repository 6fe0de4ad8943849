/** Which way bytes go: from the client to the server, or back. */
export type Direction = 'toServer' | 'toClient';

/** What a fault applies to. */
export interface FaultScope {
  /** One direction only. Default: both. */
  readonly direction?: Direction;
  /**
   * Which connections: asked anew for every piece of traffic, so that one may come to match by what it sends:
   * `(connection) => connection.sent('SUBSCRIBE')`. Default: all, also those to come.
   */
  readonly only?: (connection: ProxiedConnection) => boolean;
}

/** A connection through a proxy, as a scope sees it. */
export interface ProxiedConnection {
  /** 0 for the first that the proxy accepted. */
  readonly index: number;
  /**
   * The first 8192 bytes that the client has sent so far, one character a byte, as they came: also those that a fault held
   * back.
   */
  readonly opening: string;
  /** Bytes that went to the server. */
  readonly bytesToServer: number;
  /** Bytes that went to the client. */
  readonly bytesToClient: number;
  /** Whether {@link opening} holds the text, in upper or lower case: `sent('SUBSCRIBE')`. */
  sent(text: string): boolean;
}

export function applies(scope: FaultScope, connection: ProxiedConnection, direction: Direction): boolean {
  if (scope.direction !== undefined && scope.direction !== direction) return false;
  return scope.only === undefined || scope.only(connection);
}
