/** A running gateway with an owner in managed custody, and everything that it logs. */
import { newGatewayStage, type GatewayStage } from './gateway-stage.ts';
import { managedAccountAnswer, managedFileAnswer } from '@holdfast/protocol/custody-messages.js';
import { newLog, type Redaction } from '../../gateway/src/log.ts';
import { newBasicSender } from './managed-owner.ts';

/** Functions, for tests are declared before anything runs. */
export interface Operating extends ReturnType<typeof newBasicSender> {
  readonly stage: () => GatewayStage;
  readonly who: { readonly name: string; readonly password: string };
  readonly phrase: () => string;
  /** What has been logged since the last time. */
  readonly logged: () => string;
  /** Stores a small file. @returns its id. */
  readonly put: (name: string) => Promise<string>;
  /** Starts the gateway again with another redaction; its own where none is given. */
  readonly restart: (redaction?: Redaction) => Promise<void>;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export function newOperating(): Operating {
  let stage: GatewayStage | undefined;
  let phrase = '';
  let lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const who = { name: 'anna', password: 'granite-otter-walnut-velvet-orbit-lemon-tide' };
  const running = (): GatewayStage => {
    if (stage === undefined) throw new Error('bug: asked before it runs');
    return stage;
  };
  const { ask, json } = newBasicSender(
    () => running().url(),
    () => who,
  );
  return {
    stage: running,
    who,
    ask,
    json,
    phrase: () => phrase,
    logged() {
      const text = lines.join('');
      lines = [];
      return text;
    },
    async put(name) {
      const answer = await ask(`/v1/files/${name}`, { method: 'PUT', body: `this is ${name}` });
      return managedFileAnswer.parse(await answer.json()).fileId;
    },
    async restart(redaction) {
      await running().stop();
      await running().start({ log: newLog('debug', destination, redaction) });
    },
    async begin() {
      stage = await newGatewayStage({ log: newLog('debug', destination) });
      const answer = await json('/v1/accounts', 'POST', { ...who, custody: 'agent' });
      phrase = managedAccountAnswer.parse(await answer.json()).recoveryPhrase;
    },
    end: () => running().close(),
  };
}
