/**
 * Fabric's enumerations under TypeScript names.
 *
 * @module
 */
import { common, peer } from '@hyperledger/fabric-protos';

export const ValidationCode = peer.TxValidationCode;
export type ValidationCode = peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap];

export const DeliverStatus = common.Status;
export type DeliverStatus = common.StatusMap[keyof common.StatusMap];

export const HeaderType = common.HeaderType;
export type HeaderType = common.HeaderTypeMap[keyof common.HeaderTypeMap];

export const MessageType = peer.ChaincodeMessage.Type;
export type MessageType = peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap];

/** From here on the status of a response is the contract's refusal. */
export const REFUSED = 400;
