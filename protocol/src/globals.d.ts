/**
 * All that this room sees of a platform, and both Node and browsers have. Without the first two, the keys of @hpke/core
 * would silently be `any` here: its types speak of the DOM, which we leave out.
 */
interface CryptoKey {
  readonly type: 'public' | 'private' | 'secret';
}

interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(encoding: 'utf-8', options: { fatal: true; ignoreBOM: true });
  decode(bytes: Uint8Array): string;
}

declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }
}
