import * as vscode from "vscode";

import type { Service } from "./extension";
import { PACKAGE, packageOf } from "./packages";
import { type Outcome, run } from "./run";

/** Of documents that show what `slimlint why` says. */
const SCHEME = "slimlint-why";

/** The exit code of trouble; 1 is an answer, too. */
const TROUBLE = 2;

/** Registers what the command palette and the menus offer. */
export function registerCommands(
  context: vscode.ExtensionContext,
  service: Service,
  log: vscode.LogOutputChannel,
): void {
  const reasons = new Reasons();
  const command = (name: string, does: (...args: unknown[]) => Promise<void>) =>
    vscode.commands.registerCommand(name, async (...args: unknown[]) => {
      try {
        await does(...args);
      } catch (error) {
        log.error(String(error));
        void vscode.window.showErrorMessage(`slimlint: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  context.subscriptions.push(
    reasons,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, reasons),
    vscode.workspace.onDidCloseTextDocument((document) => reasons.forget(document.uri)),
    command("slimlint.fixAll", fixAll),
    command("slimlint.why", (place) => why(service, reasons, place instanceof vscode.Uri)),
    command("slimlint.audit", () => audit(context, service)),
    command("slimlint.restart", () => service.restart()),
  );
}

async function fixAll(): Promise<void> {
  if (vscode.window.activeTextEditor === undefined) {
    throw new Error("no file is open");
  }
  const action = { kind: "source.fixAll.slimlint", apply: "first" };
  await vscode.commands.executeCommand("editor.action.sourceAction", action);
}

/** Shows what brings a package in. From a menu it is the one under the pointer; otherwise the person is asked, with that as default. */
async function why(service: Service, reasons: Reasons, fromMenu: boolean): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const word = editor && wordOf(editor);
  const name = fromMenu && word !== undefined ? word : await askForPackage(word);
  const folder = name && (await folderOf(editor));
  const binary = folder && service.binary();
  if (!name || !folder || !binary) {
    return;
  }
  const title = `slimlint: looking for ${name}`;
  const outcome = await withProgress(title, (signal) => run(binary, ["why", name, "."], folder.uri.fsPath, signal));
  if (outcome === undefined) {
    return;
  }
  const uri = vscode.Uri.from({ scheme: SCHEME, authority: String(folder.index), path: `/why ${name}` });
  reasons.set(uri, told(outcome));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
}

function wordOf(editor: vscode.TextEditor): string | undefined {
  const { document, selection } = editor;
  if (!selection.isEmpty) {
    return packageOf(document.getText(selection));
  }
  const range = document.getWordRangeAtPosition(selection.active, PACKAGE);
  return range && document.getText(range);
}

async function askForPackage(value: string | undefined): Promise<string | undefined> {
  const answer = await vscode.window.showInputBox({
    title: "Why is this package here?",
    prompt: "A Python package, without version and extras",
    value,
    validateInput: (text) => (packageOf(text) === undefined ? "This is no name of a package." : undefined),
  });
  return answer === undefined ? undefined : packageOf(answer);
}

/** Writes the audit of a folder and opens it in the browser; its links work there only. */
async function audit(context: vscode.ExtensionContext, service: Service): Promise<void> {
  const folder = await folderOf(vscode.window.activeTextEditor, true);
  const binary = folder && service.binary();
  if (!folder || !binary) {
    return;
  }
  const title = `slimlint: auditing ${folder.name}`;
  const args = ["audit", "--format", "html", "."];
  const outcome = await withProgress(title, (signal) => run(binary, args, folder.uri.fsPath, signal));
  if (outcome === undefined) {
    return;
  }
  told(outcome);
  const text = new TextEncoder().encode(outcome.stdout);
  if (vscode.env.remoteName !== undefined) {
    // The browser is on another machine than the folder.
    const filters = { HTML: ["html"] };
    const place = vscode.Uri.joinPath(folder.uri, "slimlint-audit.html");
    const uri = await vscode.window.showSaveDialog({ title: "Save the audit", defaultUri: place, filters });
    if (uri !== undefined) {
      await vscode.workspace.fs.writeFile(uri, text);
    }
    return;
  }
  const storage = context.storageUri ?? context.globalStorageUri;
  await vscode.workspace.fs.createDirectory(storage);
  const report = vscode.Uri.joinPath(storage, `audit-${folder.index}.html`);
  await vscode.workspace.fs.writeFile(report, text);
  if (!(await vscode.env.openExternal(report))) {
    throw new Error(`no browser opened ${report.fsPath}`);
  }
}

/** The folder of the open file; with `mayAsk`, the one that a person picks when that does not tell. */
async function folderOf(editor: vscode.TextEditor | undefined, mayAsk = false): Promise<vscode.WorkspaceFolder> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const own = editor && vscode.workspace.getWorkspaceFolder(editor.document.uri);
  const picked = own ?? (mayAsk && folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0]);
  if (picked === undefined) {
    throw new Error("no folder is open");
  }
  return picked;
}

/** What the program says; throws what it says of trouble. */
function told({ code, stdout, stderr }: Outcome): string {
  if (code >= TROUBLE) {
    throw new Error(stderr.trim() || `it ended with ${code}`);
  }
  return stdout.trim() === "" ? stderr : stdout;
}

/** Runs something that can be cancelled; returns nothing when it was. */
async function withProgress(title: string, does: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (_, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    try {
      return await does(controller.signal);
    } catch (error) {
      if (controller.signal.aborted) {
        return undefined;
      }
      throw error;
    }
  });
}

/** The texts of `slimlint why`, as documents that nobody can change. */
class Reasons implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  set(uri: vscode.Uri, text: string): void {
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
  }

  forget(uri: vscode.Uri): void {
    this.texts.delete(uri.toString());
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    this.changed.dispose();
    this.texts.clear();
  }
}
