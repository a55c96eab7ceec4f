import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { problem } from '@holdfast/protocol/network-messages.js';
import { answerUnreadable, HttpRefusal, problemOf } from '../../gateway/src/http/problem.ts';

describe('a problem document', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('says %s with the status of the table', (code) => {
    const told = problemOf(new HoldfastError(code, 'why'), '/v1/x');
    expect(problem.parse(told)).toMatchObject({
      type: `/problems/${code}`,
      status: ERRORS[code][0],
      title: ERRORS[code][2],
      code,
      detail: 'why',
      instance: '/v1/x',
    });
  });

  it('points at the field', () => {
    const told = problemOf(new HoldfastError('INPUT_INVALID', 'why', { pointer: '/a/0' }), '/v1/x');
    expect(told.errors).toEqual([{ pointer: '/a/0', detail: 'why' }]);
  });

  it('tells nothing of an error that is not a refusal', () => {
    const told = problemOf(new Error('the seed is 1234'), '/v1/x');
    expect(told).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(JSON.stringify(told)).not.toContain('1234');
  });

  it('takes the status that only HTTP knows', () => {
    const refusal = new HttpRefusal('INPUT_INVALID', 'there are 3 bytes', { status: 416 });
    expect(problemOf(refusal, '/v1/x').status).toBe(416);
  });
});

describe('what is no request', () => {
  /** What stands on the connection when it has been closed. */
  async function answerTo(code: string | undefined): Promise<string> {
    const socket = new PassThrough();
    answerUnreadable(Object.assign(new Error('parse error'), { code }), socket);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  it.each([
    ['HPE_HEADER_OVERFLOW', 431, 'the headers are too large'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'the headers did not come in time'],
    ['HPE_INVALID_METHOD', 400, 'not a well-formed HTTP request'],
    [undefined, 400, 'not a well-formed HTTP request'],
  ])('because of %s is answered %d before the connection is closed', async (code, status, why) => {
    const [head = '', body = ''] = (await answerTo(code)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('Connection: close');
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toMatchObject({ status, code: 'INPUT_INVALID', detail: why });
  });

  it('is answered to nobody who has gone', () => {
    const reset = new PassThrough();
    answerUnreadable(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), reset);
    expect([reset.destroyed, reset.read()]).toEqual([true, null]);
    const ended = new PassThrough();
    ended.end();
    answerUnreadable(new Error('late'), ended);
    expect(ended.destroyed).toBe(true);
  });
});
