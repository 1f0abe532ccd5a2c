import type { z } from 'zod';
import { adminRoutes } from './routes/admin';
import { agentsRoutes } from './routes/agents';
import { authRoutes } from './routes/auth';
import { conversationsRoutes } from './routes/conversations';
import { messagesRoutes } from './routes/messages';
import { pushRoutes } from './routes/push';
import type { RouteContract } from './routes/route-contract';
import { serviceRoutes } from './routes/service';
import { streamsRoutes } from './routes/streams';

export type { Caller, RouteContract } from './routes/route-contract';

/** Every public REST route. Express serves them, the SDK calls them, the documentation lists them. */
export const routes = {
  ...authRoutes,
  ...agentsRoutes,
  ...conversationsRoutes,
  ...messagesRoutes,
  ...streamsRoutes,
  ...pushRoutes,
  ...adminRoutes,
  ...serviceRoutes,
} as const satisfies Record<string, RouteContract>;

export type RouteName = keyof typeof routes;
type Part<N extends RouteName, K extends 'params' | 'query' | 'body'> =
  (typeof routes)[N] extends Record<K, infer S extends z.ZodType> ? S : z.ZodUndefined;

/** A route's input as a handler sees it, parsed. */
export interface RouteInput<N extends RouteName> {
  params: z.output<Part<N, 'params'>>;
  query: z.output<Part<N, 'query'>>;
  body: z.output<Part<N, 'body'>>;
}
/** A route's body as a caller writes it. */
export type RouteBody<N extends RouteName> = z.input<Part<N, 'body'>>;
/** Path parameters and query as a caller writes them: text on the wire. */
export type RouteParams<N extends RouteName> = z.input<Part<N, 'params'>>;
export type RouteQuery<N extends RouteName> = z.input<Part<N, 'query'>>;
export type RouteResponse<N extends RouteName> = (typeof routes)[N]['response'] extends z.ZodType
  ? z.infer<NonNullable<(typeof routes)[N]['response']>>
  : undefined;
