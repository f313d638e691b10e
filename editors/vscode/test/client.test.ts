import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";

import { findBinary } from "../src/binary";
import { packageOf } from "../src/packages";
import { run } from "../src/run";

const repository = join(process.cwd(), "../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");
const manifest = JSON.parse(readFileSync("package.json", "utf8"));

test("the program is the one that is set, else the first in PATH, else the bundled one", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "slimlint-binary-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = (place: string) => {
    mkdirSync(join(folder, place), { recursive: true });
    const path = join(folder, place, "slimlint");
    writeFileSync(path, "");
    chmodSync(path, 0o755);
    return path;
  };
  const [set, first, second, bundled] = ["set", "one", "two", "extension/bin"].map(program);
  const extension = join(folder, "extension");
  const path = ["relative", join(folder, "none"), join(folder, "one"), join(folder, "two")].join(delimiter);
  const find = (places: object) => findBinary({ setting: "", path, extension, windows: false, ...places });
  assert.deepEqual(find({ setting: set }), { path: set, from: "setting" });
  assert.deepEqual(find({}), { path: first, from: "PATH" });
  assert.deepEqual(find({ path: join(folder, "two") }), { path: second, from: "PATH" });
  assert.deepEqual(find({ path: undefined }), { path: bundled, from: "bundle" });
  assert.ok("problem" in find({ path: "", extension: folder }));
  assert.ok("problem" in find({ setting: join(folder, "none/slimlint") }), "another takes the place of the one set");
  assert.ok("problem" in find({ setting: "bin/slimlint" }));
  assert.ok("problem" in find({ path: "", windows: true }));
});

test("a package is named without version and extras", () => {
  for (const [text, name] of [
    ["torch", "torch"],
    [" uvicorn[standard]>=0.30 ", "uvicorn"],
    ["ruamel.yaml==0.18", "ruamel.yaml"],
    ["camel-oasis ; python_version > '3'", "camel-oasis"],
  ]) {
    assert.equal(packageOf(text ?? ""), name);
  }
  for (const text of ["", "--help", "-r requirements.txt", "$PACKAGE", "a/b", "trailing-"]) {
    assert.equal(packageOf(text), undefined, text);
  }
});

test("a run tells its exit code, and fails when there is nothing to run", async () => {
  const script = "console.log('said'); console.error('told'); process.exit(1)";
  const outcome = await run(process.execPath, ["-e", script], process.cwd());
  assert.deepEqual(outcome, { code: 1, stdout: "said\n", stderr: "told\n" });
  await assert.rejects(run(join(tmpdir(), "none/slimlint"), [], process.cwd()), { code: "ENOENT" });
});

test("the settings are those that the server reads", () => {
  const source = read("src/lsp/settings.rs");
  const keys = [...source.matchAll(/"(\w+)" => take\(/g)].map(([, key]) => `slimlint.${key}`);
  assert.ok(keys.length > 0);
  const own = ["slimlint.path", "slimlint.trace.server"];
  const properties = manifest.contributes.configuration.properties;
  assert.deepEqual(Object.keys(properties).sort(), [...keys, ...own].sort());
  assert.equal(properties["slimlint.ignoreReason"].default, /REASON: &str = "(.*)"/.exec(source)?.[1]);
});

test("version, licence and repository are those of the program", () => {
  const cargo = read("Cargo.toml");
  const value = (key: string) => new RegExp(`^${key} = "(.*)"`, "m").exec(cargo)?.[1];
  assert.deepEqual(
    [manifest.version, manifest.license, manifest.repository.url],
    [value("version"), value("license"), value("repository")],
  );
});

test("each command that is offered is registered", () => {
  const source = readFileSync("src/commands.ts", "utf8");
  const registered = [...source.matchAll(/command\("(slimlint\.\w+)"/g)].map(([, name]) => name);
  const offered = manifest.contributes.commands.map(({ command }: { command: string }) => command);
  assert.deepEqual(registered.sort(), offered.sort());
});

test("the lock names no place that packages are fetched from", () => {
  assert.doesNotMatch(readFileSync("package-lock.json", "utf8"), /"resolved"/);
});
