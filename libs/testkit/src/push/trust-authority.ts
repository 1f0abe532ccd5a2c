import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';

/**
 * Makes this process trust the authority (PEM), as NODE_EXTRA_CA_CERTS does for one that is yet to start: for tests
 * that reach a stand-in from their own process. The returned function takes it back.
 */
export function trustAuthority(ca: string): () => void {
  const { connect } = tls;
  const trusting = (options: ConnectionOptions, onConnect?: () => void): TLSSocket =>
    connect({ ...options, ca: [...tls.rootCertificates, ca] }, onConnect);
  Object.assign(tls, { connect: trusting });
  return () => void Object.assign(tls, { connect });
}
