/** What bad input would do where nobody looked at it: the controls of what the other tests of bad input refuse. */
import { createHash } from 'node:crypto';
import { attack, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import * as surfaces from '../support/surface.ts';

type Surfaces = typeof surfaces;

const surfaceWith = (file: string, from: string, to: string): Promise<Surfaces> =>
  variantOf<Surfaces>('test/support/surface.ts', { file, from, to });

/** Bodies that are not what the route takes: an object with a text `said`, and nothing besides. */
const BODIES: readonly string[] = [
  '{"said":{"wrong":"kind"}}',
  '{"said":["x"]}',
  '{"said":1e400}',
  '{"said":null}',
  '{}',
  '{"said":"x","more":1}',
  '{"said":"x","__proto__":{"said":"y"}}',
  '[]',
];

attack<Surfaces>({
  id: 'T55',
  attack: 'bodies of other kinds and with other fields have their effect',
  defence: 'whatever comes is parsed by what the route declares',
  defended: () => surfaces,
  undefended: () =>
    surfaceWith(
      'gateway/src/http/json-route.ts',
      'const body = parseJson(schema, fromUtf8(bytes), what);',
      'const body = JSON.parse(fromUtf8(bytes)) as never;',
    ),
  async run({ newSurface }) {
    const surface = await newSurface();
    try {
      for (const body of BODIES) await surface.post(body);
      const words = `${surface.effects.length} of ${BODIES.length} had one`;
      return outcomeOf(surface.effects.length > 0, words, words);
    } finally {
      await surface.close();
    }
  },
});

attack<Surfaces>({
  id: 'T60',
  attack: 'bytes that were changed on the way are taken under the digest that their owner signed',
  defence: 'the digest of what came, compared before anything counts',
  defended: () => surfaces,
  undefended: () =>
    surfaceWith(
      'gateway/src/http/content-digest.ts',
      'if (claimed !== undefined && !equalBytes(digest, claimed)) {',
      'if (claimed !== undefined && claimed.length === 0) {',
    ),
  async run({ newSurface }) {
    const surface = await newSurface();
    try {
      const digest = createHash('sha256').update('mine').digest('base64');
      await surface.keep('else', { 'content-digest': `sha-256=:${digest}:` });
      const kept = surface.effects.includes('else');
      return outcomeOf(kept, 'kept', 'refused');
    } finally {
      await surface.close();
    }
  },
});
