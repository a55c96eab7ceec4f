/**
 * The reference of all routes: for programs and for people.
 *
 * @module
 */
import { z } from 'zod';
import { CONTENT_SECURITY, pageOf } from '../docs-page.ts';
import { reads } from '../json-route.ts';
import { referenceOf, type Reference } from '../openapi.ts';
import { route, type Route } from '../route.ts';

const VERSION = '0.1.0';
const spec = { who: 'anybody', query: z.looseObject({}) } as const;

/** These routes, with two that tell of them all. */
export function withReference(routes: readonly Route[]): Route[] {
  const all = [
    ...routes,
    reads(
      {
        ...spec,
        path: '/openapi.json',
        summary: 'This reference as an OpenAPI 3.1 document',
        answer: z.custom<Reference>(),
      },
      () => reference,
    ),
    route(
      {
        ...spec,
        method: 'get',
        path: '/docs',
        summary: 'This reference as a page',
        answers: { 200: { says: 'The page', content: { 'text/html': null } } },
      },
      ({ response }) => {
        response.set('Content-Security-Policy', CONTENT_SECURITY).type('html').send(page);
      },
    ),
  ];
  const reference = referenceOf(all, VERSION);
  const page = pageOf(reference);
  return all;
}
