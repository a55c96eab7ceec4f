import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../network/devpeer/src/arguments.ts';

const alder = ['--organisation', 'Alder=127.0.0.1:9001'];

describe('the arguments of the development ledger', () => {
  it('have defaults but for the folder and the organisations', () => {
    expect(parseArguments(['--data', 'x', ...alder])).toEqual({
      folder: 'x',
      port: 7051,
      caPort: 7054,
      channel: 'holdfast',
      chaincode: 'holdfast',
      organisations: [{ mspId: 'Alder', address: '127.0.0.1:9001' }],
    });
  });

  it.each([
    [['--data', 'x'], '--organisation is missing'],
    [['--data', 'x', '--organisation', 'Alder'], 'expected NAME=HOST:PORT, got Alder'],
    [['--data', 'x', '--organisation', '../a=h:1'], 'expected NAME=HOST:PORT'],
    [['--data', 'x', '--organisation', 'Alder=h:70000'], '--organisation: expected a port'],
    [alder, '--data is missing'],
    [['--data', 'x', ...alder, ...alder], 'names one organisation twice'],
    [['--data', 'x', ...alder, '--port', '70000'], '--port: expected a port, got 70000'],
    [['--data', 'x', ...alder, '--ca-port', 'any'], '--ca-port: expected a port, got any'],
    [['--data', 'x', ...alder, '--channel', 'a b'], '--channel: expected a short name, got a b'],
    [['--data', 'x', ...alder, '--colour', 'red'], "Unknown option '--colour'"],
  ])('are refused when they are %j', (args, text) => {
    expect(() => parseArguments(args)).toThrow(text);
  });
});
