/** The unit that is meant if nothing names another. */
export const ENGINE_UNIT = 'hybrid-engine.service';
