import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type ClientCapabilities,
  type CodeAction,
  CodeActionRequest,
  createProtocolConnection,
  type Diagnostic,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticReportKind,
  DocumentDiagnosticRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  type InitializeResult,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type Range,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type WorkspaceEdit,
} from "vscode-languageserver-protocol/node";

/** The program under test, from the environment. */
export const program = process.env["SLIMLINT"];
export const skip = program ? false : "SLIMLINT names no program";

/** How long an answer may take on a busy machine. */
const PATIENCE_MILLISECONDS = 30_000;

/** What every editor of today can, except for pulling. */
export const PUSH: ClientCapabilities = {
  general: { positionEncodings: ["utf-16"] },
  textDocument: {
    publishDiagnostics: { relatedInformation: true, codeDescriptionSupport: true },
    codeAction: { dataSupport: true, resolveSupport: { properties: ["edit"] } },
  },
  window: { showDocument: { support: true } },
  workspace: { workspaceEdit: { documentChanges: true, resourceOperations: ["create"] } },
};

export const PULL: ClientCapabilities = {
  ...PUSH,
  textDocument: { ...PUSH.textDocument, diagnostic: { relatedDocumentSupport: true } },
  workspace: { ...PUSH.workspace, diagnostics: { refreshSupport: true } },
};

/** A service of the corpus, in a folder that the test may change. */
export function service(name: string): { folder: string; remove: () => void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slimlint-editor-")));
  cpSync(join(process.cwd(), "../../corpus", name, "in"), folder, { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A conversation with the server. */
export class Session {
  /** By file, what was pushed last. */
  readonly published = new Map<string, Diagnostic[]>();
  private listeners: (() => void)[] = [];

  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    readonly connection: ProtocolConnection,
    private readonly ended: Promise<number | null>,
  ) {
    connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
      this.published.set(uri, diagnostics);
      this.listeners.forEach((listener) => listener());
    });
  }

  static async start(
    folder: string,
    capabilities: ClientCapabilities,
    initializationOptions?: object,
  ): Promise<[Session, InitializeResult]> {
    const child = spawn(program ?? "", ["lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<number | null>((resolve, reject) => child.on("exit", resolve).on("error", reject));
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const session = new Session(folder, child, connection, ended);
    connection.listen();
    const uri = pathToFileURL(folder).href;
    const result = await connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: "service" }],
      capabilities,
      initializationOptions,
    });
    await connection.sendNotification(InitializedNotification.type, {});
    return [session, result];
  }

  uri(path: string): string {
    return pathToFileURL(join(this.folder, path)).href;
  }

  async open(path: string, languageId: string, text: string): Promise<string> {
    const uri = this.uri(path);
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version: 1, text },
    });
    return uri;
  }

  async pull(uri: string): Promise<Diagnostic[]> {
    const report = await this.connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri } });
    return report.kind === DocumentDiagnosticReportKind.Full ? report.items : [];
  }

  /** Waits until what is pushed of a file is as wanted. */
  pushed(uri: string, wanted: (found: Diagnostic[]) => boolean): Promise<Diagnostic[]> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.published.get(uri);
        if (found && wanted(found)) {
          clearTimeout(timer);
          this.listeners = this.listeners.filter((listener) => listener !== look);
          resolve(found);
        }
      };
      const fail = () => reject(new Error(`pushed of ${uri}: ${JSON.stringify(this.published.get(uri))}`));
      const timer = setTimeout(fail, PATIENCE_MILLISECONDS);
      this.listeners.push(look);
      look();
    });
  }

  async actions(uri: string, range: Range, only?: string[]): Promise<CodeAction[]> {
    const context = { diagnostics: [], only };
    const found = await this.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range, context });
    return (found ?? []) as CodeAction[];
  }

  /** Ends the conversation as agreed; returns the exit code. */
  async end(): Promise<number | null> {
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    const code = await this.ended;
    this.connection.dispose();
    return code;
  }

  /** Ends the server, whatever state it is in. */
  kill(): void {
    this.child.kill();
  }
}

/** The text of `uri` with the edit made. */
export function edited(text: string, uri: string, edit: WorkspaceEdit | undefined): string {
  const changes = (edit?.documentChanges ?? []).flatMap((change) =>
    "textDocument" in change && change.textDocument.uri === uri ? change.edits : [],
  );
  const lines = text.split(/(?<=\n)/);
  const offset = ({ line, character }: Range["start"]) => lines.slice(0, line).join("").length + character;
  const plain = changes.flatMap((change) => ("newText" in change ? [change] : []));
  plain.sort((a, b) => offset(b.range.start) - offset(a.range.start));
  return plain.reduce(
    (done, { range, newText }) => done.slice(0, offset(range.start)) + newText + done.slice(offset(range.end)),
    text,
  );
}
