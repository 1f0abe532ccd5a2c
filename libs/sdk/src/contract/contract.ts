import {
  ERROR_STATUS,
  eventSchema,
  LIMITS,
  PROTOCOL_VERSION,
  routes,
  serverEvents,
  type RouteContract,
  type RouteName,
} from '@agent-messenger/contracts';

/** What the SDK needs of a route at run time. */
export interface RouteFacts extends Pick<RouteContract, 'method' | 'path' | 'caller'> {
  /** There is a body in the answer. */
  answers: boolean;
}

/**
 * The contract as plain data. The build puts the data in place of this module, so that no program that uses the SDK
 * loads schemas that only servers check.
 */
export const contract = {
  protocolVersion: PROTOCOL_VERSION,
  limits: LIMITS,
  errorStatus: ERROR_STATUS,
  serverEvents: Object.keys(serverEvents),
  eventTypes: eventSchema.options.flatMap((option) => [...option.shape.type.options]) as string[],
  routes: Object.fromEntries(
    Object.entries(routes as Record<string, RouteContract>).map(
      ([name, { method, path, caller, response }]) => [
        name,
        { method, path, caller, answers: response !== null },
      ],
    ),
  ) as Record<RouteName, RouteFacts>,
};
