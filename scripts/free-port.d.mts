/** A port of loopback that nothing listens on, and that no other process of ours chooses meanwhile. */
export function freePort(): Promise<number>;
