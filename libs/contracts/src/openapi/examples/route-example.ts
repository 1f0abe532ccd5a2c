import type { RouteBody, RouteName, RouteParams, RouteQuery, RouteResponse } from '../../rest';

/** One call of a route as it is written on the wire, and the body of its positive answer. */
export interface RouteExample<N extends RouteName> {
  params?: RouteParams<N>;
  query?: RouteQuery<N>;
  body?: RouteBody<N>;
  answer?: RouteResponse<N>;
}
