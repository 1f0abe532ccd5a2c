import { asyncApiDocument, openApiDocument } from '@agent-messenger/contracts';
import packageJson from '../../package.json';

/**
 * What the gateway says of itself, as JSON, without the path that it is served under. The build puts the text in place
 * of this module: making it takes up to a second. Programs that run from source make it when somebody asks.
 */
export const documents = {
  get openapi() {
    return JSON.stringify(openApiDocument(packageJson.version));
  },
  get asyncapi() {
    return JSON.stringify(asyncApiDocument());
  },
};
