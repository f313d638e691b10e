import { execFile } from "node:child_process";

/** A report of a thousand services is some megabytes; this is far beyond it. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What a run of the program came to. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program to its end. Fails when it cannot be started or is ended by a signal. */
export function run(binary: string, args: string[], folder: string, signal?: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: MOST_BYTES, signal, env: { ...process.env, NO_COLOR: "1" } };
    execFile(binary, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") {
        resolve({ code, stdout, stderr });
      } else {
        reject(error);
      }
    });
  });
}
