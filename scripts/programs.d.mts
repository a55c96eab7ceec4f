/** Path of the file that a program is started from: of one process, with its arguments after it. */
export function program(room: 'chaincode' | 'network/devpeer' | 'gateway' | 'client'): string;
