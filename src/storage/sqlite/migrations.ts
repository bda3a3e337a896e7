/**
 * The shape of the three databases, step by step. A step that has shipped is never changed: a new one is added at the end.
 * `docs/storage-schema.md` says what is in them.
 *
 * @module
 */

export interface Schema {
  /** Written into the file (`PRAGMA application_id`), so that another program's database is not taken for ours. */
  readonly applicationId: number
  /** The number of a migration is its place here, from 1; the file carries the number of the last (`PRAGMA user_version`). */
  readonly migrations: readonly string[]
}

export const recordsSchema: Schema = {
  applicationId: 0x53504f31, // SPO1
  migrations: [
    `CREATE TABLE records (
       kind TEXT NOT NULL,
       id TEXT NOT NULL,
       version INTEGER NOT NULL,
       grp TEXT,
       expires_at INTEGER,
       body TEXT NOT NULL,
       PRIMARY KEY (kind, id)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX records_by_group ON records (kind, grp, id) WHERE grp IS NOT NULL;
     CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;`,
    // With its rows in the tree of the key, SQLite reads a large body whole whenever a search for another one passes it.
    `DROP INDEX records_by_group;
     DROP INDEX records_by_expiry;
     ALTER TABLE records RENAME TO records_before;
     CREATE TABLE records (
       kind TEXT NOT NULL,
       id TEXT NOT NULL,
       version INTEGER NOT NULL,
       grp TEXT,
       expires_at INTEGER,
       body TEXT NOT NULL,
       PRIMARY KEY (kind, id)
     ) STRICT;
     INSERT INTO records SELECT kind, id, version, grp, expires_at, body FROM records_before;
     DROP TABLE records_before;
     CREATE INDEX records_by_group ON records (kind, grp, id) WHERE grp IS NOT NULL;
     CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;`,
    // What was sealed before there were data keys: said once, by whoever makes them (vault/root.ts).
    `INSERT INTO records (kind, id, version, body) SELECT 'secret', 'vault', 1, '{"before":true}' WHERE EXISTS (SELECT 1 FROM records);`,
  ],
}

/** Data keys are records in a file of their own. */
export const keysSchema: Schema = {
  applicationId: 0x53504b31, // SPK1
  migrations: recordsSchema.migrations.slice(0, 2),
}

// What a search compares is computed from the record's own text: it cannot say anything else than what was hashed.
export const auditSchema: Schema = {
  applicationId: 0x53504132, // SPA2
  migrations: [
    `CREATE TABLE audit (
       sequence INTEGER PRIMARY KEY,
       hash TEXT NOT NULL,
       body TEXT NOT NULL,
       id TEXT AS (body ->> 'id'),
       at INTEGER AS (CAST(body ->> 'at' AS INTEGER)),
       decision TEXT AS (body ->> 'decision'),
       subject TEXT AS (body ->> 'subject'),
       client_id TEXT AS (body ->> 'clientId'),
       action TEXT AS (body ->> 'action'),
       target TEXT AS (body ->> 'target'),
       host_tool_use_id TEXT AS (body ->> 'hostToolUseId')
     ) STRICT;
     CREATE INDEX audit_by_id ON audit (id);
     CREATE INDEX audit_by_time ON audit (at);
     CREATE INDEX audit_by_subject ON audit (subject);
     CREATE INDEX audit_by_target ON audit (target);
     CREATE INDEX audit_by_refusal ON audit (decision) WHERE decision <> 'allow';
     CREATE INDEX audit_by_host_tool_use ON audit (host_tool_use_id) WHERE host_tool_use_id IS NOT NULL;
     CREATE TABLE head (
       only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
       sequence INTEGER NOT NULL,
       hash TEXT NOT NULL,
       seal TEXT
     ) STRICT;`,
    // What stands before the first record that is kept, once older ones were dropped.
    `CREATE TABLE anchor (
       only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
       sequence INTEGER NOT NULL,
       hash TEXT NOT NULL,
       at INTEGER NOT NULL,
       problem TEXT,
       seal TEXT
     ) STRICT;`,
  ],
}
