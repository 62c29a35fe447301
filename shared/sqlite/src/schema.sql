-- One row for each commit. The columns are the attributes of `dekigoto::StoredCommit`.
create table commits (
  seg integer not null,            -- the first byte of SHA-256(pk): one index serves appends, reads and segmented replays
  pk  text    not null,            -- <aggregateType>#<aggregateId>
  sk  integer not null check (sk >= 1),
  v   integer not null,
  at  integer not null,
  ev  text    not null,
  key text    not null,
  fp  text    not null,
  act text    not null,
  cor text    not null,
  cau text,
  tp  text,
  sn  text,
  primary key (seg, pk, sk)
) strict;

-- Pointers to commits that are not published yet. Written with the commit, deleted when it is published.
create table outbox (
  -- A program with this file open gives none twice: a relay that is late must not delete another entry.
  id       integer primary key,
  pk       text    not null,
  sk       integer not null,
  targets  text,                   -- JSON; null means all
  due      integer not null default 0,
  attempts integer not null default 0
) strict;
-- None by `due`: every commit would pay for it, and nearly all entries are due.
create index outbox_by_stream on outbox (pk, sk, id);

-- What cannot be handled, with the reason.
create table parked (
  -- Never used again: an operator may still name one that was discarded before the program started again.
  id     integer primary key autoincrement,
  at     integer not null,
  body   text    not null,
  reason text    not null,
  once   text                      -- a digest of its text and its place in a log, which is parked once
) strict;
create unique index parked_once on parked (once);

-- Rows of views, and the records of what a view has counted.
create table rows (
  partition text    not null,
  sort      text    not null,
  rev       integer not null check (rev >= 1),
  body      text    not null,
  p1 text, s1 text, p2 text, s2 text, p3 text, s3 text, p4 text, s4 text,
  primary key (partition, sort)
) strict;
create index rows_by_1 on rows (p1, s1, partition, sort) where p1 is not null;
create index rows_by_2 on rows (p2, s2, partition, sort) where p2 is not null;
create index rows_by_3 on rows (p3, s3, partition, sort) where p3 is not null;
create index rows_by_4 on rows (p4, s4, partition, sort) where p4 is not null;
