export function damageBlock(nodeFolder: string, digest: string): Promise<void>;
export function blockPath(nodeFolder: string, digest: string): string;
