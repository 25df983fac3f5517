/**
 * An agent without native parts: its records and keys are in memory. Credo's own storage and key
 * management fetch prebuilt binaries at installation, on which these tests should not depend.
 */

import {
  createPublicKey, generateKeyPairSync, randomBytes, randomUUID, sign, verify, type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { EventEmitter } from "node:events";

import {
  Agent, DidsModule, InjectionSymbols, Kms, RecordNotFoundError, StorageVersionRecord,
  UpdateAssistant,
  type AgentContext, type AgentDependencies, type BaseRecord, type BaseRecordConstructor,
  type DependencyManager, type DidRegistrar, type DidResolver, type Module, type ModulesMap,
  type Query, type StorageService,
} from "@credo-ts/core";

/** Every type of record is kept in the same way. */
type Any = BaseRecord<any, any, any>;

/** Records by type and id. */
class MemoryStorage implements StorageService<Any> {
  readonly supportsCursorPagination = false;
  readonly #records = new Map<string, Any>();

  async save(_context: AgentContext, record: Any): Promise<void> {
    this.#records.set(`${record.type}/${record.id}`, record);
  }

  async update(context: AgentContext, record: Any): Promise<void> {
    await this.save(context, record);
  }

  async delete(_context: AgentContext, record: Any): Promise<void> {
    this.#records.delete(`${record.type}/${record.id}`);
  }

  async deleteById(
    _context: AgentContext,
    { type }: BaseRecordConstructor<Any>,
    id: string,
  ): Promise<void> {
    this.#records.delete(`${type}/${id}`);
  }

  async getById(
    _context: AgentContext,
    { type }: BaseRecordConstructor<Any>,
    id: string,
  ): Promise<Any> {
    const record = this.#records.get(`${type}/${id}`);
    if (record === undefined) throw new RecordNotFoundError("no such record", { recordType: type });
    return record;
  }

  async getAll(_context: AgentContext, { type }: BaseRecordConstructor<Any>): Promise<Any[]> {
    return [...this.#records.values()].filter((record) => record.type === type);
  }

  async findByQuery(
    context: AgentContext,
    type: BaseRecordConstructor<Any>,
    query: Query<Any>,
  ): Promise<Any[]> {
    const all = await this.getAll(context, type);
    return all.filter((record) => matches(record.getTags(), query as Tags));
  }
}

type Tags = Readonly<Record<string, unknown>>;

function matches(tags: Tags, query: Tags): boolean {
  return Object.entries(query).every(([name, wanted]) => {
    if (name === "$and") return (wanted as Tags[]).every((one) => matches(tags, one));
    if (name === "$or") return (wanted as Tags[]).some((one) => matches(tags, one));
    if (name === "$not") return !matches(tags, wanted as Tags);
    if (wanted === undefined) return true;
    const tag = tags[name];
    if (!Array.isArray(wanted)) return tag === wanted;
    return Array.isArray(tag) && wanted.every((item) => tag.includes(item));
  });
}

/** Ed25519 and P-256 keys, by Node's own cryptography. */
class MemoryKms implements Kms.KeyManagementService {
  readonly backend = "memory";
  readonly #keys = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();

  isOperationSupported(_context: AgentContext, { operation }: Kms.KmsOperation): boolean {
    return ["createKey", "sign", "verify", "randomBytes"].includes(operation);
  }

  async getPublicKey(_context: AgentContext, keyId: string): Promise<Kms.KmsJwkPublic | null> {
    const jwk = this.#keys.get(keyId)?.publicKey.export({ format: "jwk" });
    return jwk === undefined ? null : ({ ...jwk, kid: keyId } as Kms.KmsJwkPublic);
  }

  async createKey<Type extends Kms.KmsCreateKeyType>(
    context: AgentContext,
    { keyId = randomUUID(), type }: Kms.KmsCreateKeyOptions<Type>,
  ): Promise<Kms.KmsCreateKeyReturn<Type>> {
    this.#keys.set(keyId, type.kty === "OKP"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" }));
    const publicJwk = await this.getPublicKey(context, keyId);
    return { keyId, publicJwk } as Kms.KmsCreateKeyReturn<Type>;
  }

  async sign(_context: AgentContext, options: Kms.KmsSignOptions): Promise<Kms.KmsSignReturn> {
    const { keyId, algorithm, data } = options;
    const key = this.#keys.get(keyId)?.privateKey;
    if (key === undefined) throw new Kms.KeyManagementKeyNotFoundError(keyId, [this.backend]);
    const digest = algorithm === "EdDSA" ? null : "sha256";
    return { signature: Uint8Array.from(sign(digest, data, { key, dsaEncoding: "ieee-p1363" })) };
  }

  async verify(
    _context: AgentContext,
    { key: { publicJwk }, algorithm, data, signature }: Kms.KmsVerifyOptions,
  ): Promise<Kms.KmsVerifyReturn> {
    if (publicJwk === undefined) throw new Kms.KeyManagementError("give the key itself");
    const key = createPublicKey({ key: { ...publicJwk } as JsonWebKey, format: "jwk" });
    const digest = algorithm === "EdDSA" ? null : "sha256";
    const verified = verify(digest, data, { key, dsaEncoding: "ieee-p1363" }, signature);
    return (verified ? { verified, publicJwk } : { verified }) as Kms.KmsVerifyReturn;
  }

  randomBytes(_context: AgentContext, options: Kms.KmsRandomBytesOptions): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(randomBytes(options.length));
  }

  importKey(): never {
    throw new Kms.KeyManagementError("keys are made here, not imported");
  }

  deleteKey(): never {
    throw new Kms.KeyManagementError("keys stay until the test ends");
  }

  encrypt(): never {
    throw new Kms.KeyManagementError("these keys only sign");
  }

  decrypt(): never {
    throw new Kms.KeyManagementError("these keys only sign");
  }
}

class MemoryModule implements Module {
  readonly #storage = new MemoryStorage();

  register(manager: DependencyManager): void {
    manager.registerInstance(InjectionSymbols.StorageService, this.#storage);
  }

  /** A store that is new has nothing to migrate. */
  async onInitializeContext(context: AgentContext): Promise<void> {
    const storageVersion = UpdateAssistant.frameworkStorageVersion;
    await this.#storage.save(context, new StorageVersionRecord({ storageVersion }));
  }
}

/** An agent with these DID methods, and further modules, ready to use. */
export async function memoryAgent<Modules extends ModulesMap>(
  resolvers: readonly DidResolver[],
  registrars: readonly DidRegistrar[],
  modules: Modules,
) {
  const agent = new Agent({
    config: {},
    dependencies: {
      EventEmitterClass: EventEmitter,
      fetch: globalThis.fetch,
      // Nothing here reads files or speaks over sockets.
      FileSystem: class {} as AgentDependencies["FileSystem"],
      WebSocketClass: class {} as unknown as AgentDependencies["WebSocketClass"],
    },
    modules: {
      memory: new MemoryModule(),
      dids: new DidsModule({ resolvers: [...resolvers], registrars: [...registrars] }),
      kms: new Kms.KeyManagementModule({ backends: [new MemoryKms()] }),
      ...modules,
    },
  });
  await agent.initialize();
  return agent;
}
