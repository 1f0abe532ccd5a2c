import { z } from 'zod';

/** JSON Schema 2020-12, as far as this package reads what it has made. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  [keyword: string]: unknown;
}

/** `input`: what may be sent, before defaults are filled in. `output`: what is received. */
export type Side = 'input' | 'output';

/** The schemas of one document: objects with a name are collected once, and referred to. */
export interface SchemaBook {
  schemaOf(schema: z.ZodType, side: Side): JsonSchema;
  /** What `#/components/schemas/<name>` refers to. */
  components: Record<string, JsonSchema>;
}

/** In full it refers to itself, which makes code that generators write from it not compile. */
const ANY_JSON: JsonSchema = { description: 'Any JSON value.' };

export function createSchemaBook(): SchemaBook {
  const components: Record<string, JsonSchema> = {};
  return {
    components,
    schemaOf(schema, side) {
      // As a part of something: zod would write a named schema itself out in full.
      const whole = z.toJSONSchema(z.object({ schema }), {
        io: side,
        unrepresentable: 'any',
        override({ jsonSchema }) {
          // Within a protocol version changes are additive: receivers ignore fields that they do not know.
          if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
          // Says at length what `format` says.
          if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
          // The bounds of JavaScript's own numbers.
          if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
          if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
          nameProperties(jsonSchema);
        },
      });
      const text = JSON.stringify(whole).replaceAll('"#/$defs/', '"#/components/schemas/');
      const { properties, $defs } = JSON.parse(text) as {
        properties: { schema: JsonSchema };
        $defs?: Record<string, JsonSchema>;
      };
      for (const [name, definition] of Object.entries($defs ?? {})) {
        // The name, in a keyword that JSON Schema does not know.
        delete definition['id'];
        components[name] = name === 'Json' ? ANY_JSON : definition;
      }
      return properties.schema;
    },
  };
}

/**
 * A record of known names as the object that it is: generators of code look for what is required among the properties.
 */
function nameProperties(schema: z.core.JSONSchema.BaseSchema): void {
  const { propertyNames, additionalProperties: value, required } = schema;
  if (!required || typeof propertyNames !== 'object' || !propertyNames.enum) return;
  if (typeof value !== 'object') return;
  schema.properties = Object.fromEntries(propertyNames.enum.map((name) => [String(name), value]));
  delete schema.propertyNames;
  delete schema.additionalProperties;
}
