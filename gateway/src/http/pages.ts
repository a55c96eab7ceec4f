/**
 * Lists in pages: at most so many items, and a cursor to go on with.
 *
 * @module
 */
import { z } from 'zod';

/** Items of a page where nobody says how many. */
export const PAGE = 50;

const limit = z
  .string()
  .regex(/^(?:[1-9][0-9]?|100)$/, 'expected 1 to 100')
  .transform(Number)
  .pipe(z.int().min(1).max(100))
  .optional();

/** The query of a list whose cursors look like that. */
export const pageOf = (cursor: RegExp) =>
  z.strictObject({
    limit,
    cursor: z.string().max(512).regex(cursor, 'expected a cursor that a page answered').optional(),
  });

export interface Page<T> {
  readonly items: T[];
  /** The cursor of the next page; null where this is the last. */
  readonly next: string | null;
}

/**
 * @param found - from where the page begins, one more than its limit where there are as many.
 * @param cursorOf - of the last item of a page.
 */
export function pageFrom<T>(
  found: readonly T[],
  limitOfPage: number,
  cursorOf: (item: T) => string,
): Page<T> {
  const items = found.slice(0, limitOfPage);
  const last = found.length > limitOfPage ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : cursorOf(last) };
}
