/**
 * Finds, in modules of the page, the texts for people: those that are looked up in the catalogue, and those that are not.
 *
 *     node texts.js VITE FOLDER  prints {texts, bare, wrong} as JSON
 *
 * `VITE` has the parser. `texts`: each call of `t` and `tn`, with the names of its values; `wrong`: calls of which that
 * cannot be read; `bare`: strings that look like texts, or are shown, and are in no such call.
 *
 * @typedef {any} Node  as ESTree has them
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [vite, folder] = process.argv.slice(2);
const { parseAst } = await import(pathToFileURL(vite).href);

/** Functions whose arguments name things for programs. */
const FOR_PROGRAMS = new Set([
  ..."querySelector querySelectorAll closest matches getElementById addEventListener removeEventListener createElement".split(" "),
  ..."createElementNS getAttribute hasAttribute removeAttribute toggleAttribute getItem setItem removeItem part fromTemplate".split(" "),
  ..."icon Error TypeError ReconveneError DOMException CustomEvent Event matchMedia setProperty".split(" "),
]);
/** What is given to these, or assigned to such properties, is shown. */
const SHOWN_BY = new Set("write append prepend replaceChildren before after show Option alert".split(" "));
const SHOWN = new Set("textContent title ariaLabel placeholder label text alt ariaValueText ariaDescription".split(" "));
const SHOWN_ATTRIBUTES = new Set("aria-label title placeholder alt aria-valuetext aria-description".split(" "));
const COMPARISONS = new Set(["===", "!==", "in", "<", ">"]);

/** @type {{texts: object[], bare: object[], wrong: object[]}} */
const found = { texts: [], bare: [], wrong: [] };

for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")).sort()) {
  const text = readFileSync(join(folder, file), "utf8");
  visit(parseAst(text), [], (node) => `${file}:${text.slice(0, node.start).split("\n").length}`, file);
}
console.log(JSON.stringify(found));

/** @param {Node} node @param {Node[]} above  the nearest last @param {(node: Node) => string} at @param {string} file */
function visit(node, above, at, file) {
  let below = childrenOf(node);
  if (node.type === "CallExpression" && ["t", "tn"].includes(calledName(node))) {
    lookUp(node, at, file);
    below = node.arguments.filter((/** @type {Node} */ each) => !isText(each));
  } else if (isText(node) || node.type === "TemplateLiteral") {
    const said = isText(node) ? textOf(node) : node.quasis.map((/** @type {Node} */ part) => part.value.cooked).join("…");
    if (/\p{L}/u.test(said) && !isForPrograms(node, above) && (looksLikeText(said) || isShown(node, above))) found.bare.push({ at: at(node), file, text: said });
  }
  for (const child of below) visit(child, [...above, node], at, file);
}

/** @param {Node} call @param {(node: Node) => string} at @param {string} file */
function lookUp(call, at, file) {
  const counted = calledName(call) === "tn";
  const [one, text, values] = counted ? call.arguments.slice(1) : [null, ...call.arguments];
  const names = values ? namesOf(values) : [];
  if (text && isText(text) && (!counted || isText(one)) && names && call.arguments.length <= (counted ? 4 : 2)) {
    found.texts.push({ at: at(call), file, key: textOf(text), one: one && textOf(one), names });
  } else found.wrong.push(at(call));
}

/** A capital and small letters, or several words. @param {string} text */
function looksLikeText(text) {
  return /^\p{Lu}\p{Ll}+(?:[\s.,:!?…’“]|$)/u.test(text) || /\p{Ll}{2,}[.,:;!?]? [“‘(]?\p{L}/u.test(text) || /^…? \p{L}/u.test(text);
}

/** @param {Node} node @returns {Node[]} */
function childrenOf(node) {
  return Object.values(node).flat().filter((value) => typeof value?.type === "string");
}

/** Whether it is a string without expressions in it. @param {Node} node @returns {boolean} */
function isText(node) {
  return (node.type === "Literal" && typeof node.value === "string") || (node.type === "TemplateLiteral" && !node.expressions.length);
}

/** @param {Node} node @returns {string} */
function textOf(node) {
  return node.value ?? node.quasis[0].value.cooked;
}

/** @param {Node} values @returns {string[] | null} */
function namesOf(values) {
  if (values.type !== "ObjectExpression") return null;
  const names = values.properties.map((/** @type {Node} */ property) => property.key?.name ?? "");
  return names.every(Boolean) ? names : null;
}

/** @param {Node} call  or new expression */
function calledName(call) {
  if (call.type !== "CallExpression" && call.type !== "NewExpression") return "";
  return call.callee.property?.name ?? call.callee.name ?? "";
}

/** @param {Node} node @param {Node[]} above */
function isForPrograms(node, above) {
  const parent = above[above.length - 1];
  if (/^(Import|Export|SwitchCase)/.test(parent.type)) return true;
  if (parent.type === "Property" && parent.key === node) return true;
  if (parent.type === "MemberExpression") return true;
  if (parent.type === "BinaryExpression" && COMPARISONS.has(parent.operator)) return true;
  if (parent.type === "ExpressionStatement") return true;
  const name = calledName(parent);
  return FOR_PROGRAMS.has(name) || (name === "setAttribute" && !isShown(node, above));
}

/** Whether a string is shown, or is part of what is: by way of conditions, additions and templates. @param {Node} node @param {Node[]} above */
function isShown(node, above) {
  let child = node;
  for (const up of [...above].reverse()) {
    if (up.type === "Property") return SHOWN.has(up.key.name ?? up.key.value);
    if (up.type === "AssignmentExpression") return child === up.right && SHOWN.has(up.left.property?.name);
    const name = calledName(up);
    if (name === "setAttribute") return child !== up.arguments[0] && isText(up.arguments[0]) && SHOWN_ATTRIBUTES.has(textOf(up.arguments[0]));
    if (name) return SHOWN_BY.has(name);
    const passes =
      (up.type === "ConditionalExpression" && child !== up.test) ||
      (up.type === "LogicalExpression" && (child === up.right || up.operator !== "&&")) ||
      (up.type === "BinaryExpression" && up.operator === "+") ||
      ["TemplateLiteral", "SpreadElement", "ArrayExpression"].includes(up.type);
    if (!passes) return false;
    child = up;
  }
  return false;
}
