/** Requests of an owner in managed custody, as any HTTP client sends them. */
export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

export interface Asked {
  readonly method?: string;
  readonly body?: Uint8Array | string | ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param url - of the gateway, whichever runs now. */
export function newBasicSender(
  url: () => string,
  who: () => { readonly name: string; readonly password: string },
) {
  function ask(path: string, { method = 'GET', body, headers }: Asked = {}): Promise<Response> {
    const { name, password } = who();
    return fetch(new URL(path, url()), {
      method,
      headers: { authorization: basic(name, password), ...headers },
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer>, duplex: 'half' }),
    });
  }
  return {
    ask,
    json: (path: string, method: string, value: unknown): Promise<Response> =>
      ask(path, {
        method,
        body: JSON.stringify(value),
        headers: { 'content-type': 'application/json' },
      }),
  };
}
