import { describe, expect, it } from '@jest/globals';
import { newOrigins, targetOf } from '../../gateway/src/http/origins.ts';
import { refusalOf } from '../support/refusal.ts';

describe('the address of a request', () => {
  const local = newOrigins(undefined, () => 8_080);

  it.each([
    ['localhost:8080', 'http://localhost:8080'],
    ['LOCALHOST:8080', 'http://localhost:8080'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['[::1]:8080', 'http://[::1]:8080'],
  ])('%s is ours on this machine', (host, origin) => {
    expect(targetOf(local, host, '/v1/files')).toBe(`${origin}/v1/files`);
  });

  it.each(['localhost', 'localhost:8081', 'gateway.example:8080', '', undefined])(
    '%s is somebody else’s',
    (host) => {
      expect(refusalOf(() => targetOf(local, host, '/v1/files')).code).toBe('NOT_ALLOWED');
    },
  );

  it('is the public one alone where one is configured, its default port left out or not', () => {
    const open = newOrigins('https://gateway.example', () => 8_080);
    expect(targetOf(open, 'gateway.example', '/')).toBe('https://gateway.example/');
    expect(refusalOf(() => targetOf(open, 'localhost:8080', '/')).code).toBe('NOT_ALLOWED');
    const other = newOrigins('https://gateway.example:8443/', () => 8_080);
    expect(targetOf(other, 'gateway.example:8443', '/')).toBe('https://gateway.example:8443/');
    expect(refusalOf(() => targetOf(other, 'gateway.example', '/')).code).toBe('NOT_ALLOWED');
  });
});
