import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  CodeActionResolveRequest,
  CompletionRequest,
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DocumentLinkRequest,
  ExecuteCommandRequest,
  HoverRequest,
  InlayHintRequest,
  type MarkupContent,
  ShowDocumentRequest,
} from "vscode-languageserver-protocol/node";

import { edited, program, PULL, PUSH, service, Session, skip } from "./session";

const ALL = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };

const rules = (found: Diagnostic[]) => found.map(({ code }) => code);

/** A conversation about a service of the corpus, with its Dockerfile open. */
async function conversation(context: TestContext, name: string, capabilities = PULL, options?: object) {
  const { folder, remove } = service(name);
  const [session, initialized] = await Session.start(folder, capabilities, options);
  context.after(() => {
    session.kill();
    remove();
  });
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  const text = read("Dockerfile");
  const uri = await session.open("Dockerfile", "dockerfile", text);
  const at = (word: string, of = text) => {
    const before = of.slice(0, of.indexOf(word)).split("\n");
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  };
  return { folder, session, capabilities: initialized.capabilities, read, text, uri, at };
}

test("an editor that pulls is answered and nothing is pushed to it", { skip }, async (context) => {
  const { session, capabilities, uri } = await conversation(context, "flask-nlp-pip-cache");
  assert.ok(capabilities.diagnosticProvider);
  const found = await session.pull(uri);
  assert.ok(rules(found).includes("pip-cache-kept"), JSON.stringify(found));
  const cache = found.find(({ code }) => code === "pip-cache-kept");
  assert.equal(cache?.source, "slimlint");
  assert.match(cache?.codeDescription?.href ?? "", /pip-cache-kept/);
  assert.equal(await session.end(), 0);
  assert.deepEqual([...session.published.keys()], []);
});

test("an editor that does not pull is told by itself", { skip }, async (context) => {
  const { session, capabilities, uri } = await conversation(context, "flask-nlp-pip-cache", PUSH);
  assert.equal(capabilities.diagnosticProvider, undefined);
  await session.pushed(uri, (found) => rules(found).includes("pip-cache-kept"));
  assert.equal(await session.end(), 0);
});

test("settings are heeded", { skip }, async (context) => {
  const { session, uri } = await conversation(context, "flask-nlp-pip-cache", PULL, { ignore: ["pip-cache-kept"] });
  assert.ok(!rules(await session.pull(uri)).includes("pip-cache-kept"));
});

const isTorch = ({ code }: Diagnostic) => code === "cuda-torch-on-cpu";

test("an edit of the requirements moves the Dockerfile's finding", { skip }, async (context) => {
  const { session, uri, read } = await conversation(context, "flask-nlp-pip-cache", PUSH);
  await session.pushed(uri, (found) => found.some(isTorch));
  const text = read("requirements.txt");
  const requirements = await session.open("requirements.txt", "pip-requirements", text);
  const change = (version: number, changed: string) =>
    session.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri: requirements, version },
      contentChanges: [{ text: changed }],
    });
  await change(2, "flask\n");
  await session.pushed(uri, (found) => found.length > 0 && !found.some(isTorch));
  await change(3, text);
  await session.pushed(uri, (found) => found.some(isTorch));
});

test("an edit of the requirements counts for an editor that pulls, until they are closed", { skip }, async (context) => {
  const { session, uri, read } = await conversation(context, "flask-nlp-pip-cache");
  const before = await session.pull(uri);
  assert.ok(before.some(isTorch), JSON.stringify(before));
  const text = read("requirements.txt");
  const requirements = await session.open("requirements.txt", "pip-requirements", text);
  const start = { line: 0, character: 0 };
  await session.connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri: requirements, version: 2 },
    contentChanges: [{ range: { start, end: { line: text.split("\n").length, character: 0 } }, text: "flask\n" }],
  });
  const without = await session.pull(uri);
  assert.ok(without.length > 0 && !without.some(isTorch), JSON.stringify(without));
  await session.connection.sendNotification(DidCloseTextDocumentNotification.type, {
    textDocument: { uri: requirements },
  });
  assert.deepEqual(await session.pull(uri), before);
});

test("an action is resolved to the edit that mends its finding", { skip }, async (context) => {
  const { session, uri, text } = await conversation(context, "flask-nlp-pip-cache");
  const cache = (await session.pull(uri)).find(({ code }) => code === "pip-cache-kept");
  assert.ok(cache);
  const actions = await session.actions(uri, cache.range, ["quickfix"]);
  const mend = actions.find(({ isPreferred }) => isPreferred);
  assert.ok(mend && mend.edit === undefined, JSON.stringify(actions));
  const resolved = await session.connection.sendRequest(CodeActionResolveRequest.type, mend);
  assert.match(edited(text, uri, resolved.edit), /--no-cache-dir/);
  const ignore = actions.find(({ title }) => title.startsWith("Ignore"));
  assert.ok(ignore);
  const ignoring = await session.connection.sendRequest(CodeActionResolveRequest.type, ignore);
  assert.match(edited(text, uri, ignoring.edit), /# slimlint ignore.*pip-cache-kept/);
});

test("fixing all does what --fix does", { skip }, async (context) => {
  const { folder, session, uri, read, text } = await conversation(context, "flask-nlp-pip-cache");
  const [all, ...others] = await session.actions(uri, ALL, ["source.fixAll.slimlint"]);
  assert.ok(all && others.length === 0);
  const resolved = await session.connection.sendRequest(CodeActionResolveRequest.type, all);
  const args = ["--fix", "--no-backup", "--exit-zero", "Dockerfile"];
  execFileSync(program ?? "", args, { cwd: folder, stdio: "ignore" });
  const fixed = read("Dockerfile");
  assert.notEqual(fixed, text);
  assert.equal(edited(text, uri, resolved.edit), fixed);
});

test("explaining a rule opens its page and answers with its text", { skip }, async (context) => {
  const { session } = await conversation(context, "flask-nlp-pip-cache");
  const shown: string[] = [];
  session.connection.onRequest(ShowDocumentRequest.type, ({ uri }) => {
    shown.push(uri);
    return { success: true };
  });
  const explain = { command: "slimlint.explain", arguments: ["pip-cache-kept"] };
  const page = await session.connection.sendRequest(ExecuteCommandRequest.type, explain);
  assert.equal(page.rule, "pip-cache-kept");
  assert.ok(page.markdown.length > 0);
  assert.deepEqual(shown, [page.url]);
  const nonsense = { command: "slimlint.explain", arguments: ["nonsense"] };
  await assert.rejects(session.connection.sendRequest(ExecuteCommandRequest.type, nonsense), /nonsense/);
});

test("hovering over a package tells what brings it", { skip }, async (context) => {
  const { session, read, at } = await conversation(context, "camel-oasis-cuda-torch");
  const text = read("backend/pyproject.toml");
  const uri = await session.open("backend/pyproject.toml", "toml", text);
  const { line, character } = at("camel-oasis", text);
  const position = { line, character: character + 1 };
  const hover = await session.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position });
  assert.match((hover?.contents as MarkupContent).value, /camel-oasis[^]*installed by Dockerfile/);
});

test("hints and links stand at their lines", { skip }, async (context) => {
  const { session, uri, at } = await conversation(context, "camel-oasis-cuda-torch");
  const textDocument = { uri };
  const hints = await session.connection.sendRequest(InlayHintRequest.type, { textDocument, range: ALL });
  const install = hints?.find(({ position }) => position.line === at("RUN uv pip install").line);
  assert.match(String(install?.label), /^\+ [≈≥] [0-9.]+ GB$/);
  const links = await session.connection.sendRequest(DocumentLinkRequest.type, { textDocument });
  const targets = links?.map(({ target }) => target);
  assert.ok(targets?.includes(session.uri("backend/pyproject.toml")), JSON.stringify(targets));
});

test("rules are completed in ignore comments", { skip }, async (context) => {
  const { session } = await conversation(context, "flask-nlp-pip-cache");
  const comment = "# slimlint ignore=pip-";
  const uri = await session.open("other.Dockerfile", "dockerfile", `${comment}\nFROM scratch\n`);
  const position = { line: 0, character: comment.length };
  const found = await session.connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position });
  const items = Array.isArray(found) ? found : (found?.items ?? []);
  const item = items.find(({ label }) => label === "pip-cache-kept");
  assert.deepEqual(item?.textEdit, {
    newText: "pip-cache-kept",
    range: { start: { line: 0, character: comment.length - 4 }, end: position },
  });
});

test("a server that is told to ends with 0", { skip }, async (context) => {
  const { session } = await conversation(context, "flask-nlp-pip-cache");
  assert.equal(await session.end(), 0);
});
