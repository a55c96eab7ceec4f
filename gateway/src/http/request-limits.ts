/**
 * Whom a request is counted to, and what is refused because somebody asks too much: an owner by its requests, whoever need
 * not say who it is by its address. Nobody uses up what is another's: a request counts for an owner once it has shown that
 * it is that owner's, and addresses that owners share cost them nothing.
 *
 * @module
 */
import type { RequestHandler, Response } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Limits } from '../limits.ts';
import { addressKey } from './addresses.ts';
import { HttpRefusal } from './problem.ts';
import {
  newRequestQuota,
  policyHeader,
  standingHeader,
  type RequestQuota,
} from './request-quota.ts';
import { callerOf } from './requests.ts';

/** Refusals of whoever asks as somebody that it is not. */
const UNPROVEN = ['INPUT_INVALID', 'NOT_ALLOWED', 'SEED_LOCKED'];

export interface RequestLimits {
  /** Counts a request that needs no owner. */
  readonly open: RequestHandler;
  /** Counts a new account besides. */
  readonly newAccount: RequestHandler;
  /** Counts a request of the owner that sent it. */
  readonly owner: RequestHandler;
  /** Counts those that `authenticate` refuses, to their address. */
  guarding(authenticate: RequestHandler): RequestHandler;
}

/** (Agent) @param monotonicMs - a clock that never goes back. */
export function newRequestLimits(limits: Limits, monotonicMs: () => number): RequestLimits {
  const quota = (name: string, requests: number, windowSeconds: number) =>
    newRequestQuota({ name, quota: requests, windowSeconds }, monotonicMs);
  const owners = quota('owner', limits.ownerPerMinute, 60);
  const addresses = quota('address', limits.addressPerMinute, 60);
  const accounts = quota('accounts', limits.accountsPerHour, 3_600);
  const atOnce = newAtOnce(limits.ownerAtOnce);
  return {
    open: (request, response, next) => {
      count(addresses, addressKey(request.socket.remoteAddress), response);
      next();
    },
    newAccount: (request, response, next) => {
      count(accounts, addressKey(request.socket.remoteAddress), response);
      next();
    },
    owner: (_request, response, next) => {
      // who left before it was known who it is will not leave again: nothing is begun for it
      if (response.destroyed) return;
      const { ownerId } = callerOf(response);
      count(owners, ownerId, response);
      response.locals['place'] = atOnce(ownerId, response);
      next();
    },
    guarding: (authenticate) => async (request, response, next) => {
      try {
        await authenticate(request, response, next);
      } catch (error) {
        if (error instanceof HoldfastError && UNPROVEN.includes(error.code)) {
          count(addresses, addressKey(request.socket.remoteAddress), response);
        }
        throw error;
      }
    },
  };
}

/** A request that goes on for ever, as a stream of events does, is none of those being answered. */
export const leaveQueue = (response: Response): void => placeOf(response)?.leave();

/** Work counts until it has ended: whoever has left, or was told that it takes long, could begin as much as it likes. */
export function counted<T>(response: Response, work: Promise<T>): Promise<T> {
  placeOf(response)?.workUntil(work);
  return work;
}

const placeOf = (response: Response): Place | undefined =>
  response.locals['place'] as Place | undefined;

/** @throws `RATE_LIMITED` with Retry-After. */
function count(quota: RequestQuota, key: string, response: Response): void {
  const { policy } = quota;
  if (policy.quota === 0) return;
  const standing = quota.take(key);
  response.append('RateLimit-Policy', policyHeader(policy));
  response.append('RateLimit', standingHeader(policy, standing));
  if (standing.isGranted) return;
  const { name, quota: most, windowSeconds } = policy;
  throw tooMany(
    `at most ${most} requests in ${windowSeconds} s (quota "${name}")`,
    standing.seconds,
  );
}

const tooMany = (detail: string, seconds: number): HttpRefusal =>
  new HttpRefusal('RATE_LIMITED', detail, { headers: { 'Retry-After': String(seconds) } });

/** A request among those of its owner. */
interface Place {
  leave(): void;
  /** Leaves its place then, whenever it is answered. */
  workUntil(ended: Promise<unknown>): void;
}

/** Requests of an owner that only wait for their answers, and those that have begun to do something. */
interface Taken {
  readonly answering: number;
  readonly working: number;
}

const READING = ['GET', 'HEAD'];

/** How much is done for each owner at once: who only reads may always see how its work goes on. */
function newAtOnce(most: number): (ownerId: string, response: Response) => Place {
  const taken = new Map<string, Taken>();

  function change(ownerId: string, what: keyof Taken, by: 1 | -1): void {
    const { answering, working } = taken.get(ownerId) ?? { answering: 0, working: 0 };
    const now = { answering, working, [what]: { answering, working }[what] + by };
    if (now.answering + now.working === 0) taken.delete(ownerId);
    else taken.set(ownerId, now);
  }

  return (ownerId, response) => {
    const { answering, working } = taken.get(ownerId) ?? { answering: 0, working: 0 };
    const count = READING.includes(response.req.method) ? answering : answering + working;
    if (most > 0 && count >= most) {
      throw tooMany(`at most ${most} requests of one owner are answered at once`, 1);
    }
    change(ownerId, 'answering', 1);
    let isAnswering = true;
    const leave = (): void => {
      if (isAnswering) change(ownerId, 'answering', -1);
      isAnswering = false;
    };
    response.once('close', leave);
    return {
      leave,
      workUntil(ended) {
        leave();
        change(ownerId, 'working', 1);
        const end = (): void => change(ownerId, 'working', -1);
        ended.then(end, end);
      },
    };
  };
}
