import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

/** Where the program is looked for. */
export interface Places {
  /** The setting `slimlint.path`; empty when it is not set. */
  setting: string;
  /** The variable PATH. */
  path: string | undefined;
  /** The folder of the extension, in which `bin` may hold the program. */
  extension: string;
  windows: boolean;
}

export type Found = { path: string; from: "setting" | "PATH" | "bundle" } | { problem: string };

/** Finds the program: what the setting names, else the first in PATH, else the one that is bundled. */
export function findBinary({ setting, path, extension, windows }: Places): Found {
  const name = windows ? "slimlint.exe" : "slimlint";
  if (setting.trim() !== "") {
    const named = setting.trim().replace(/^~(?=\/|\\|$)/, homedir());
    if (!isAbsolute(named)) {
      return { problem: `\`slimlint.path\` is ${setting}, which is no absolute path.` };
    }
    // One that is named and not there is not replaced by another in silence.
    return isProgram(named)
      ? { path: named, from: "setting" }
      : { problem: `\`slimlint.path\` is ${setting}, where no program is.` };
  }
  // A relative entry would run what lies in some repository.
  const folders = (path ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const inPath = folders.map((folder) => join(folder, name)).find(isProgram);
  if (inPath !== undefined) {
    return { path: inPath, from: "PATH" };
  }
  const bundled = join(extension, "bin", name);
  if (isProgram(bundled)) {
    return { path: bundled, from: "bundle" };
  }
  return { problem: "slimlint is not in PATH. Install it, or set `slimlint.path`." };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
