import type { JsonSchema } from '@agent-messenger/contracts';
import type { ServiceMetrics } from '../../src/docs/metrics';
import * as container from './container-rules';
import { configMaps, environment, secrets, tokenKeys } from './environment-rules';
import * as ingress from './ingress-rules';
import type { Rule } from './manifest';
import { metrics } from './metric-rules';
import { containerPorts, namedPorts, publicPorts, serviceUrls } from './port-rules';
import * as scaling from './scaling-rules';
import * as selector from './selector-rules';

/**
 * Our rules by name.
 * @param schemas of the services' variables, by service
 * @param measured by each service
 */
export function createRules(schemas: Record<string, JsonSchema>, measured: ServiceMetrics[]) {
  return {
    ...container,
    environment: environment(schemas),
    configMaps,
    secrets,
    tokenKeys,
    containerPorts: containerPorts(schemas),
    namedPorts,
    serviceUrls,
    publicPorts,
    ...selector,
    ...scaling,
    metrics: metrics(measured),
    ...ingress,
  } satisfies Record<string, Rule>;
}

export type RuleName = keyof ReturnType<typeof createRules>;
