-- One row for each commit. The columns are the attributes of `dekigoto::StoredCommit`.
create table {schema}.commits (
  seg smallint not null check (seg between 0 and 255), -- the first byte of SHA-256(pk): one index serves all reads
  pk  text   collate "C" not null,                     -- <aggregateType>#<aggregateId>; "C": bytes are compared
  sk  bigint not null check (sk >= 1),
  v   bigint not null,
  at  bigint not null,
  ev  text   not null,                                 -- text, not jsonb: the bytes come back as they were
  key text   not null,
  fp  text   not null,
  act text   not null,
  cor text   not null,
  cau text,
  tp  text,
  sn  text,
  primary key (seg, pk, sk));

-- Pointers to commits that are not published yet. Written by the statement that writes the commit, deleted when it is
-- published. There is no checkpoint and no position, so nothing is skipped.
create table {schema}.outbox (
  id       bigint generated always as identity primary key,
  pk       text collate "C" not null,
  sk       bigint not null,
  targets  text,                                       -- JSON; null means all
  due      timestamptz not null default now(),
  attempts integer not null default 0)
  with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
create index on {schema}.outbox (pk, sk, id);

-- What cannot be handled, with the reason.
create table {schema}.parked (
  id     bigint generated always as identity primary key,
  at     timestamptz not null default now(),
  body   text not null,
  reason text not null);

-- Rows of views, and the records of what a view has counted.
create table {schema}.rows (
  partition text   collate "C" not null,
  sort      text   collate "C" not null,
  rev       bigint not null check (rev >= 1),
  body      text   not null,
  p1 text collate "C", s1 text collate "C", p2 text collate "C", s2 text collate "C",
  p3 text collate "C", s3 text collate "C", p4 text collate "C", s4 text collate "C",
  primary key (partition, sort)) with (fillfactor = 80);
create index on {schema}.rows (p1, s1, partition, sort) where p1 is not null;
create index on {schema}.rows (p2, s2, partition, sort) where p2 is not null;
create index on {schema}.rows (p3, s3, partition, sort) where p3 is not null;
create index on {schema}.rows (p4, s4, partition, sort) where p4 is not null;

-- No role may do what its code cannot: nobody updates or deletes a commit.
grant usage on schema {schema} to dekigoto_api, dekigoto_relay, dekigoto_projector;
grant select, insert on {schema}.commits to dekigoto_api;
grant insert on {schema}.outbox to dekigoto_api;
grant select, insert, update on {schema}.rows to dekigoto_api;
grant select on {schema}.commits to dekigoto_relay;
grant select, insert, update, delete on {schema}.outbox to dekigoto_relay;
grant insert on {schema}.parked to dekigoto_relay, dekigoto_projector;
grant select on {schema}.commits to dekigoto_projector;
grant select, insert, update on {schema}.rows to dekigoto_projector;
