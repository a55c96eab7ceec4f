/** Bytes that are not the owner's own: changed on the way back, or another's in the store. */
import { concat, hex } from '@holdfast/protocol/bytes.js';
import type { ProviderOrganisation } from '@holdfast/protocol/consortium-records.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { anchor as anchorOf } from '@holdfast/protocol/ids.js';
import * as openFiles from '@holdfast/protocol/open-file.js';
import * as acceptances from '@holdfast/protocol/owner/acceptance-check.js';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import { providerAnnouncement } from '../support/consortium.ts';
import { acceptedBy, termsOf } from '../support/owner-of-files.ts';
import { seededRandom } from '../support/property.ts';
import { inChunks, manyBytes, sealed } from '../support/sealing.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
const codeOf = (problem: unknown): string => {
  if (problem instanceof HoldfastError) return problem.code;
  throw problem;
};

attack({
  id: 'T23',
  attack: 'a gateway changes bytes of a download',
  defence: 'every block is checked before a byte of it leaves',
  defended: () => openFiles,
  undefended: () =>
    variantOf<typeof openFiles>('protocol/src/open-file.ts', {
      file: 'protocol/src/open-file.ts',
      from: '  if (!isSame) {',
      to: '  if (!isSame && index < 0) {',
    }),
  async run({ openFile, openStoredFile }) {
    const plaintext = manyBytes(150_000);
    const { file, content } = await sealed(plaintext);
    const opened = await openStoredFile(
      file.blocks,
      content.subarray(file.paddedSize),
      file.fileKey,
    );
    let wrong = 0;
    const changed = [
      ...Array.from({ length: 12 }, (_, i) => flipped(content, 99_991 * i)),
      content.subarray(0, 65_536),
      content.subarray(1),
      concat(content.subarray(65_536, 131_072), content.subarray(0, 65_536)),
    ];
    for (const bytes of changed) {
      let at = 0;
      try {
        for await (const chunk of openFile(opened, inChunks(bytes))) {
          const right = plaintext.subarray(at, at + chunk.length);
          if (Buffer.compare(chunk, right) !== 0) wrong++;
          at += chunk.length;
        }
      } catch (problem) {
        codeOf(problem);
      }
    }
    return outcomeOf(wrong > 0, `${wrong} wrong chunks let out`, '0 wrong chunks let out');
  },
});

attack({
  id: 'T33',
  attack: 'a file that somebody has poisoned in the store is taken for the owner’s own',
  defence: 'the owner computes CID and anchor itself',
  defended: () => acceptances,
  undefended: () =>
    variantOf<typeof acceptances>(
      'protocol/src/owner/acceptance-check.ts',
      {
        file: 'protocol/src/owner/acceptance-check.ts',
        from: "  must(answer.cid === sealed.cid.toString(), 'the provider stored other bytes');\n  must(answer.anchor === anchor, 'the provider computed another anchor');\n",
        to: '',
      },
      {
        file: 'protocol/src/owner/acceptance-check.ts',
        from: '    tagKeyId,\n    anchor,\n    terms,',
        to: '    tagKeyId,\n    anchor: [answer.anchor, anchor][0],\n    terms,',
      },
    ),
  async run({ checkAcceptance, firstVersion }) {
    await ready();
    const mine = await sealed(manyBytes(70_000, 1));
    const poison = await sealed(manyBytes(70_000, 2));
    const salt = random(32);
    const accepted = {
      channel: 'holdfast',
      fileId: 'aa'.repeat(32),
      ownerId: 'bb'.repeat(32),
      tagKeyId: 'cc'.repeat(32),
      salt,
      version: firstVersion(mine.file, salt, 1_000),
      terms: termsOf(),
    };
    // what the provider has under the fingerprint of the file
    const kept = hex(anchorOf(salt, poison.file.cid.bytes));
    const { acceptance } = acceptedBy(accepted, accepted.fileId, accepted.version, {
      anchor: kept,
      terms: accepted.terms,
    });
    const answer = {
      acceptance,
      cid: poison.file.cid.toString(),
      anchor: kept,
      nodes: accepted.terms.nodes,
    };
    const announced = { ...providerAnnouncement(), mspId: 'Birch' } as ProviderOrganisation;
    try {
      checkAcceptance(answer, accepted, mine.file, announced);
      return outcomeOf(true, 'acceptance of other bytes taken', '');
    } catch (problem) {
      return failure(codeOf(problem));
    }
  },
});
