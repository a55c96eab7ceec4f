/** Makes a system's folder where there is none, and notes whether anything lay in it. */
export function enter(folder: string): void;
