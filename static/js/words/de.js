/** German. */
export const texts = {};
