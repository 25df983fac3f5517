/**
 * A real network on this machine, started by the ledger's own binary (`DZONG_BIN`): for tests in
 * Node.js, of this package and of what is built on it.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LocalKey } from "../src/index.js";

/** The binary; tests of a real network are skipped without it. */
export const BINARY = process.env["DZONG_BIN"];
/** Why they are skipped, or false where they are not. */
export const SKIP = BINARY === undefined && "set DZONG_BIN to the dzong binary to run this test";

const BASE_PORT = Number(process.env["DZONG_BASE_PORT"] ?? 17_300);

/** Four validators, until they are stopped. */
export class Localnet {
  /** Where its keys, its genesis and its nodes' data are. */
  readonly home = mkdtempSync(join(tmpdir(), "dzong-client-"));

  constructor() {
    this.#run("localnet", "--base-port", String(BASE_PORT), "--detach");
  }

  /** The address of a validator. */
  url(node = 0): string {
    return `http://127.0.0.1:${BASE_PORT + node}`;
  }

  genesis(): string {
    return readFileSync(join(this.home, "genesis.json"), "utf8");
  }

  /** A key of the network's own, such as the endorser's, and its DID. */
  key(name: string): { readonly did: string; readonly key: LocalKey } {
    const file = JSON.parse(readFileSync(join(this.home, "keys", `${name}.json`), "utf8"));
    return { did: file.did, key: LocalKey.fromSecret(file.secretKeyMultibase) };
  }

  stop(): void {
    this.#run("localnet", "stop");
    rmSync(this.home, { recursive: true });
  }

  #run(...args: readonly string[]): void {
    if (BINARY === undefined) throw new Error("DZONG_BIN is not set");
    const stdio = ["ignore", "ignore", "inherit"] as const;
    execFileSync(BINARY, [...args, "--home", this.home], { stdio: [...stdio] });
  }
}
