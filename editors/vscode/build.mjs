// Bundles the extension (`node build.mjs`) or its tests (`node build.mjs --test`) into out/.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const isTest = process.argv.includes("--test");
const folder = import.meta.dirname;
const tests = () => readdirSync(join(folder, "test")).filter((name) => name.endsWith(".test.ts"));

rmSync(join(folder, "out"), { recursive: true, force: true });
const result = await build({
  absWorkingDir: folder,
  entryPoints: isTest ? tests().map((name) => `test/${name}`) : ["src/extension.ts"],
  outdir: "out",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify: !isTest,
  sourcemap: isTest && "inline",
  metafile: true,
  logLevel: "warning",
});

if (!isTest) {
  // The package is on its own: it takes the project's licences along, and those of what is bundled.
  const licences = ["LICENSE-MIT", "LICENSE-APACHE"].map((name) => readFileSync(join(folder, "../..", name), "utf8"));
  const choice = "slimlint is under the MIT licence or the Apache licence 2.0, as you like.\n";
  writeFileSync(join(folder, "LICENSE.txt"), [choice, ...licences].join("\n"));
  writeFileSync(join(folder, "THIRD-PARTY.txt"), notices(Object.keys(result.metafile.inputs)));
}

/** The licences of the packages that the bundle's input files belong to. */
function notices(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) {
      packages.add(found[1]);
    }
  }
  const notice = (path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8"));
    const file = readdirSync(join(folder, path)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file || !existsSync(join(folder, path, file))) {
      throw new Error(`${name} has no licence file`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, path, file), "utf8").trim()}\n`;
  };
  return [...packages].sort().map(notice).join(`\n${"-".repeat(80)}\n\n`);
}
