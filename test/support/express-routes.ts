/** The routes that an Express application really has, whatever declares them. */
import type { Server } from 'node:http';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: { readonly stack?: unknown };
}

/** `get /v1/files/{fileId}`, of every application that answers this server's requests; guards of all methods are none. */
export const routesIn = (server: Server): string[] => {
  const found = server
    .listeners('request')
    .flatMap((listener) => ('router' in listener ? layersOf(listener.router) : []))
    .flatMap(({ route }) => {
      const methods = Object.keys(route?.methods ?? {});
      const path = route?.path.replaceAll(/:(\w+)/g, '{$1}');
      return methods.length === 1 ? [`${methods.join('')} ${path}`] : [];
    });
  return [...new Set(found)];
};

function layersOf(router: unknown): readonly Layer[] {
  const { stack } = router as { readonly stack: readonly Layer[] };
  const hidden = stack.find(
    ({ route, handle }) => route === undefined && handle?.stack !== undefined,
  );
  if (hidden !== undefined)
    throw new Error('an application within the application hides its routes');
  return stack;
}
