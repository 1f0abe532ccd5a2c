import { MessengerError } from '@agent-messenger/sdk';
import { plainError } from './plain-error';

describe('plainError', () => {
  const refused = new MessengerError('unauthorized', 'session revoked');

  it('calls only a refused login a wrong password', () => {
    expect(String(plainError(refused, 'login'))).toContain('wrong username or password');
    expect(String(plainError(refused, 'chat'))).toContain('no longer valid: session revoked');
  });

  it('tells how long to wait', () => {
    const early = new MessengerError('rate_limited', 'Too many failed attempts', {
      retryAfterMs: 1_500,
    });
    expect(String(plainError(early, 'login'))).toContain(
      'Too many failed attempts: try again in 2 s',
    );
  });

  it('leaves alone what is a fault of ours', () => {
    const fault = new TypeError('undefined');
    expect(plainError(fault, 'chat')).toBe(fault);
  });
});
