import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { findBinary } from "./binary";
import { registerCommands } from "./commands";

/** What of a build a person types in an editor. Everything else is read from disk, and its changes are watched. */
const DOCUMENTS = [
  { scheme: "file", language: "dockerfile" },
  { scheme: "untitled", language: "dockerfile" },
  { scheme: "file", pattern: "**/{Dockerfile,Containerfile}*" },
  { scheme: "file", pattern: "**/*.{Dockerfile,dockerfile,Containerfile,containerfile,dockerignore}" },
  { scheme: "file", pattern: "**/.dockerignore" },
  { scheme: "file", pattern: "**/*{requirements,constraints}*.{txt,in}" },
  { scheme: "file", pattern: "**/{requirements,constraints}/*.{txt,in}" },
  { scheme: "file", pattern: "**/{pyproject,slimlint,.slimlint}.toml" },
  { scheme: "file", pattern: "**/{docker-compose,compose}*.{yml,yaml}" },
];

/** The language server, and the program that it is. */
export class Service {
  private client: LanguageClient | undefined;
  /** Starts and stops are made one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The program; when there is none, the person is told and nothing is returned. */
  binary(): string | undefined {
    const found = findBinary({
      setting: vscode.workspace.getConfiguration("slimlint").get("path", ""),
      path: process.env.PATH,
      extension: this.context.extensionPath,
      windows: process.platform === "win32",
    });
    if ("problem" in found) {
      this.log.error(found.problem);
      void this.tell(found.problem);
      return undefined;
    }
    this.log.info(`${found.path} (from ${found.from})`);
    return found.path;
  }

  /** Starts the server, or another in the place of the one that runs. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      const command = this.binary();
      if (command === undefined) {
        return;
      }
      const server: ServerOptions = { command, args: ["lsp", "--stdio"] };
      const options: LanguageClientOptions = { documentSelector: DOCUMENTS, outputChannel: this.log };
      // Its name is that of the section: `slimlint.trace.server` is read by it.
      this.client = new LanguageClient("slimlint", "slimlint", server, options);
      try {
        await this.client.start();
      } catch (error) {
        void this.tell(`The language server does not start: ${String(error)}`);
      }
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  private next(step: () => Promise<void>): Promise<void> {
    const done = this.last.then(step);
    this.last = done.catch((error: unknown) => this.log.error(String(error)));
    return done;
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One that failed to start or is gone cannot be stopped, and need not be.
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error)));
  }

  private async tell(problem: string): Promise<void> {
    const settings = "Open settings";
    if ((await vscode.window.showErrorMessage(problem, settings)) === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "slimlint.path");
    }
  }
}

let service: Service | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("slimlint", { log: true });
  const own = new Service(context, log);
  service = own;
  registerCommands(context, own, log);
  const changed = vscode.workspace.onDidChangeConfiguration((event) => {
    // The server asks for all others itself.
    if (event.affectsConfiguration("slimlint.path")) {
      void own.restart();
    }
  });
  context.subscriptions.push(log, changed);
  // What goes wrong is logged; the commands are there all the same.
  await own.restart().catch(() => undefined);
}

export async function deactivate(): Promise<void> {
  await service?.stop();
}
