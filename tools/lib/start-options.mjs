import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Problem } from './problem.mjs';

export const help = `npm start [-- options]

  --gateways N     number of gateways, on consecutive ports (default 1)
  --port PORT      port of the first gateway (default 8080; 0: free ports, whichever)
  --data-dir DIR   where everything is kept (default .data)
  --no-demo        without the demo person and the demo agent
  --push-standins  stand-ins of Apple, Google and a browser's push service, which print every notification
                   as a phone would show it
  --json           one line of JSON on stdout when all is ready, the rest on stderr
                   (npm start --silent -- --json)
  --help           this text

  REDIS_URL        a Redis that already runs; otherwise one is started
`;

/** Options of `npm start`; throws a Problem with exit code 2 for what is not one of them. */
export function startOptions(args) {
  const { values } = parse(args);
  const gateways = wholeNumber('--gateways', values.gateways ?? '1', 1, 64);
  const port = wholeNumber('--port', values.port ?? '8080', 0, 65_535);
  if (port + gateways - 1 > 65_535) {
    throw new Problem(`${gateways} gateways do not fit above port ${port}.`, 2);
  }
  return {
    gateways,
    port,
    dataDir: resolve(values['data-dir'] ?? '.data'),
    demo: !values['no-demo'],
    pushStandins: values['push-standins'] ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        gateways: { type: 'string' },
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        'no-demo': { type: 'boolean' },
        'push-standins': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // The first sentence names the option; what follows is about positional arguments.
    const [message] = error.message.split(/\.\s|\n/);
    throw new Problem(`${message}. --help lists the options.`, 2);
  }
}

function wholeNumber(option, text, min, max) {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Problem(`${option} takes a whole number from ${min} to ${max}, not "${text}".`, 2);
}
