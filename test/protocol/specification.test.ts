import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DST, LABELS } from '@holdfast/protocol/labels.js';

const ROOM = new URL('../../protocol/', import.meta.url);
const text = readFileSync(new URL('README.md', ROOM), 'utf8');

/** From one heading of the second level to the next. */
function chapter(title: string): string {
  const [, rest = ''] = text.split(`\n## ${title}\n`);
  return rest.split('\n## ')[0] ?? '';
}

const quoted = (part: string): string[] =>
  [...part.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('the specification', () => {
  it('lists every label of the code, and no other', () => {
    const [, after = ''] = chapter('3 Labels').split('after `holdfast/v1/`:');
    const [names = ''] = after.trim().split('\n\n');
    const listed = quoted(names).map((name) => `holdfast/v1/${name}`);
    expect(listed.toSorted()).toEqual([...LABELS].toSorted());
  });

  it('lists every domain separation tag of the code, and no other', () => {
    const listed = quoted(chapter('3 Labels')).filter((name) => name.startsWith('HOLDFAST-'));
    expect(listed.toSorted()).toEqual(Object.values(DST).toSorted());
  });

  it('has a sentence for every file of the room', () => {
    const files = readdirSync(new URL('src/', ROOM), { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => `src/${file}`);
    const linked = [...chapter('18 Files of this room').matchAll(/\]\(([^)]+)\)/g)];
    expect(linked.map(([, file = '']) => file).toSorted()).toEqual(sources.toSorted());
  });

  it('links to files and headings that exist', () => {
    const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    const anchors = [...text.matchAll(/^## (.*)$/gm)].map(
      ([, title = '']) =>
        `#${title
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-')}`,
    );
    const lost = targets.filter((target) =>
      target.startsWith('#') ? !anchors.includes(target) : !existsSync(new URL(target, ROOM)),
    );
    expect(lost).toEqual([]);
  });
});
