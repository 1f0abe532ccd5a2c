import { z } from 'zod';

/**
 * Calls between services, `POST /internal/<name>` on the callee's internal port with a service token.
 * Errors are problems with a code, as on the public side. The wire carries what the types say: both ends are
 * built from these files, and only requests are parsed.
 */
export interface CallContract {
  request: z.ZodType;
  response: z.ZodType;
}

export type Calls = Record<string, CallContract>;
export type CallRequest<C extends Calls, N extends keyof C> = z.output<C[N]['request']>;
export type CallResponse<C extends Calls, N extends keyof C> = z.infer<C[N]['response']>;
/** A service's calls as a typed client; every method throws AppError with the callee's code, or `unavailable`. */
export type Client<C extends Calls> = {
  [N in keyof C]: (request: z.input<C[N]['request']>) => Promise<CallResponse<C, N>>;
};
/** One handler per call; a missing one does not compile. */
export type Handlers<C extends Calls> = {
  [N in keyof C]: (request: CallRequest<C, N>) => Promise<CallResponse<C, N>> | CallResponse<C, N>;
};

export const identityId = z.string();
export const conversationId = z.string();
/** The epoch of the connection that writes; null for REST calls, which are not fenced. */
export const epoch = z.int().min(1).nullable();
export const seq = z.int().min(0);
export const page = { limit: z.int().min(1).max(1_000), cursor: z.string().optional() };
export const ok = z.object({});

/** Credentials (sessions, API keys) that ended, whose live connections have to end as well. */
export const endedSchema = z.object({
  ended: z.array(z.object({ identity_id: identityId, credential_id: z.string() })),
});
export type Ended = z.infer<typeof endedSchema>['ended'];
