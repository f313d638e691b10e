/** A name of a Python package, as PEP 508 has it. */
export const PACKAGE = /[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/;

/** The package that a text names, without version and extras; nothing when it names none. */
export function packageOf(text: string): string | undefined {
  const found = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:$|[[<>=!~;@\s])/.exec(text);
  return found?.[1];
}
