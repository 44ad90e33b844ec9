// mdBook's preprocessor: chapters that are a README of the repository, included, lie elsewhere in
// the book. A link of theirs goes to the chapter, or else to the repository on the web.
//
// mdBook gives `[context, book]` to stdin and takes the book from stdout.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isPath, withLinks } from "./markdown.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const WEB = "https://github.com/qbank-connect/qbank-connect-rust";
const SOURCE = "docs/src";

// `preprocessor.mjs supports html`: it supports every renderer.
if (process.argv[2] !== "supports") {
  const [, book] = JSON.parse(readFileSync(0, "utf8"));
  const chapters = chaptersOf(book.items ?? book.sections);
  // By the file that the chapter is, or includes, and by a README's folder.
  const paths = {};
  for (const chapter of chapters) {
    chapter.from = sourceOf(chapter);
    paths[chapter.from] = paths[posix.join(SOURCE, chapter.path)] = chapter.path;
    if (posix.basename(chapter.from) === "README.md") paths[posix.dirname(chapter.from)] = chapter.path;
  }
  for (const chapter of chapters) {
    const text = readFileSync(join(root, chapter.from), "utf8");
    chapter.content = withLinks(text, (target) => rewritten(target, chapter, paths));
    delete chapter.from;
  }
  process.stdout.write(JSON.stringify(book));
}

function chaptersOf(items) {
  return items.flatMap(({ Chapter: chapter }) =>
    chapter?.path ? [chapter, ...chaptersOf(chapter.sub_items)] : [],
  );
}

// The file whose text the chapter is, from the root.
function sourceOf({ path, content }) {
  const file = posix.join(SOURCE, path);
  const [, included] = content.match(/^\s*\{\{#include (\S+)\}\}\s*$/) ?? [];
  return included ? posix.join(posix.dirname(file), included) : file;
}

function rewritten(target, chapter, paths) {
  if (!isPath(target)) return target;
  const [, path, fragment] = target.match(/^([^#]*)(#.*)?$/);
  const file = posix.join(posix.dirname(chapter.from), path);
  if (!existsSync(join(root, file))) throw new Error(`${chapter.from}: ${target} is not there`);
  const within = paths[posix.normalize(file).replace(/\/$/, "")] ?? inSource(file);
  if (within !== undefined) return relative(dirname(chapter.path), within) + (fragment ?? "");
  const kind = statSync(join(root, file)).isDirectory() ? "tree" : "blob";
  return `${WEB}/${kind}/main/${file}${fragment ?? ""}`;
}

// An image that mdBook copies.
function inSource(file) {
  const is = file.startsWith(`${SOURCE}/`) && !file.endsWith(".md");
  return is ? file.slice(SOURCE.length + 1) : undefined;
}
