import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';

/** As undici and node:https call it, and as node:http2 does. */
type Given =
  | [options: ConnectionOptions, onConnect?: () => void]
  | [port: string, host: string, options: ConnectionOptions];

/**
 * Makes this process trust the authority (PEM), as NODE_EXTRA_CA_CERTS does for one that is yet to start: for tests
 * that reach a stand-in from their own process. The returned function takes it back.
 */
export function trustAuthority(ca: string): () => void {
  const { connect } = tls;
  const trusted = { ca: [...tls.rootCertificates, ca] };
  const trusting = (...[first, ...rest]: Given): TLSSocket => {
    if (typeof first === 'object') return connect({ ...first, ...trusted }, rest[0] as () => void);
    const [host, options] = rest as [string, ConnectionOptions];
    return connect(Number(first), host, { ...options, ...trusted });
  };
  Object.assign(tls, { connect: trusting });
  return () => void Object.assign(tls, { connect });
}
