// Links and headings of Markdown text; what stands in code is neither.

// Code, a link's target, or the target of a reference.
const PIECE =
  /(^ {0,3}(```+|~~~+)[^]*?^ {0,3}\2.*$|`+[^`\n]+`+)|(\]\()([^()\s]+)(\))|^(\[[^\]]+\]: +)(\S+)()$/gm;

/** The text with every link's target as `replace` has it. */
export const withLinks = (text, replace) =>
  text.replace(PIECE, (all, code, _, opened, target, closed, name, reference) => {
    if (code) return all;
    return opened ? opened + replace(target) + closed : name + replace(reference);
  });

export function linksOf(text) {
  const targets = [];
  withLinks(text, (target) => {
    targets.push(target);
    return target;
  });
  return targets;
}

/** Whether the target is a path: no URL, and no place in the same text. */
export const isPath = (target) => !/^([a-z][a-z0-9+.-]*:|#|\/\/)/i.test(target);

/** The fragments that headings have. */
export function fragmentsOf(text) {
  const fragments = new Set();
  const prose = text.replace(/^ {0,3}(```+|~~~+)[^]*?^ {0,3}\1.*$/gm, "");
  for (const [, heading] of prose.matchAll(/^#{1,6} +(.*?)#* *$/gm)) {
    const words = heading.replace(/\]\([^)]*\)/g, "").toLowerCase();
    const fragment = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
    let unique = fragment;
    for (let n = 1; fragments.has(unique); n += 1) unique = `${fragment}-${n}`;
    fragments.add(unique);
  }
  return fragments;
}
