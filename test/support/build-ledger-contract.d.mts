export function buildLedgerContract(folder?: string): string;
