export interface TestTls {
  /** PEM of the authority that signed `cert`: for NODE_EXTRA_CA_CERTS. */
  ca: string;
  key: string;
  cert: string;
}

/** An authority of its own, and a certificate by it for servers on this machine, and for who comes to them. */
export async function createTestTls(): Promise<TestTls> {
  // Who needs no certificate does not load what makes them: two hundred modules.
  const { generate } = await import('selfsigned');
  const kind = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'Agent Messenger test CA' }], {
    ...kind,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...kind,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { ca: authority.cert, key: server.private, cert: server.cert };
}
