import type { RouteName } from '../../rest';
import { conversationExamples } from './conversations';
import { operatorExamples } from './operators';
import { peopleExamples } from './people';
import type { RouteExample } from './route-example';

/** A call of every route; they are carried out on a running stack by tests. */
export const routeExamples: { [N in RouteName]: RouteExample<N> } = {
  ...peopleExamples,
  ...conversationExamples,
  ...operatorExamples,
};
