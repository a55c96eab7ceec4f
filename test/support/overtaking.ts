/** A client of the ledger whose next transaction others overtake. */
import type { Client } from '@grpc/grpc-js';

export function overtakable(honest: Client) {
  let overtaking: (() => Promise<unknown>) | undefined;
  const client = new Proxy(honest, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'makeUnaryRequest' || typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const work = String(args[0]).endsWith('/Submit') ? overtaking : undefined;
        if (work === undefined) return Reflect.apply(member, target, args);
        overtaking = undefined;
        void work().then((): unknown => Reflect.apply(member, target, args));
        return { cancel: () => undefined };
      };
    },
  });
  return {
    client,
    /** Does this between the endorsement of the next transaction and its order. */
    overtake: (work: () => Promise<unknown>): void => {
      overtaking = work;
    },
  };
}
