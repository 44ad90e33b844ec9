// Checks that links lead somewhere.
//
//   node docs/links/check.mjs              # of every Markdown file, and the book's list of chapters
//   node docs/links/check.mjs target/book  # of the pages that mdBook wrote
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fragmentsOf, isPath, linksOf } from "./markdown.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [pages] = process.argv.slice(2);
const problems = [];
const checked = pages === undefined ? ofRepository() : ofPages(resolve(pages));
for (const problem of problems) console.error(problem);
console.log(`${checked} links, ${problems.length} lead nowhere`);
if (problems.length > 0 || checked === 0) process.exitCode = 1;

function ofRepository() {
  // New files, too.
  const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"];
  const files = execFileSync("git", listed, { cwd: root, encoding: "utf8" }).split("\0");
  const texts = files.filter((it) => it && existsSync(join(root, it))).map((it) => join(root, it));
  book();
  return all(texts, linksOf, (file) => fragmentsOf(readFileSync(file, "utf8")), /\.md$/);
}

// Each chapter of the list is there, and each that is there is in the list.
function book() {
  const source = join(root, "docs/src");
  const summary = join(source, "SUMMARY.md");
  const chapters = linksOf(readFileSync(summary, "utf8")).map((it) => join(source, it));
  for (const name of readdirSync(source, { recursive: true })) {
    const file = join(source, name);
    if (name.endsWith(".md") && file !== summary && !chapters.includes(file)) {
      problems.push(`docs/src/SUMMARY.md: ${name} is not in it`);
    }
  }
  for (const file of chapters.filter((it) => existsSync(it))) {
    for (const [, included] of readFileSync(file, "utf8").matchAll(/\{\{#\w*include (\S+)\}\}/g)) {
      // mdBook includes nothing of an anchor that is not there, and says nothing.
      const [path, anchor] = included.split(":");
      const from = join(dirname(file), path);
      const text = existsSync(from) && readFileSync(from, "utf8");
      if (text === false || (anchor && !text.includes(`ANCHOR: ${anchor}\n`))) missing(file, included);
    }
  }
}

function ofPages(dir) {
  const names = readdirSync(dir, { recursive: true }).filter((name) => name.endsWith(".html"));
  const links = (text) =>
    [...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, it]) => it.replaceAll("&amp;", "&"));
  const ids = (file) =>
    new Set([...readFileSync(file, "utf8").matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
  return all(names.map((name) => join(dir, name)), links, ids, /\.html$/);
}

function all(files, links, fragments, isText) {
  let count = 0;
  const known = {};
  for (const file of files) {
    for (const target of links(readFileSync(file, "utf8"))) {
      if (!isPath(target) && !target.startsWith("#")) continue;
      count += 1;
      const [path, fragment] = target.split("#").map((it) => decodeURIComponent(it));
      const to = path === "" ? file : join(dirname(file), path);
      if (!existsSync(to)) missing(file, target);
      else if (fragment && isText.test(to) && statSync(to).isFile()) {
        if (!(known[to] ??= fragments(to)).has(fragment)) missing(file, target);
      }
    }
  }
  return count;
}

function missing(file, target) {
  problems.push(`${relative(root, file)}: ${target} is not there`);
}
