// Reads a JSON list of documents (texts), and prints what @asyncapi/parser makes of each, as JSON.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const names = (messages) => messages.all().map((each) => each.title());

async function validated(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path }));
  const operations = (document ? document.operations().all() : []).map((each) => {
    const reply = each.reply();
    return [each.id(), { action: each.action(), reply: reply ? names(reply.messages()) : null }];
  });
  return { found, operations: Object.fromEntries(operations) };
}

Promise.all(JSON.parse(readFileSync(0, "utf8")).map(validated)).then((all) => console.log(JSON.stringify(all)));
