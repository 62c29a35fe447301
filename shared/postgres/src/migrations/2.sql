-- Appends a commit with its entry of the outbox, and says whether its place was free. A function, because the server plans its
-- statements once a session: planning them took longer than carrying them out. It runs with the rights of its caller.
create function {schema}.append(smallint, text, bigint, bigint, bigint, text, text, text, text, text, text, text, text)
returns boolean language plpgsql as $$
begin
  insert into {schema}.commits (seg, pk, sk, v, at, ev, key, fp, act, cor, cau, tp, sn)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  on conflict (seg, pk, sk) do nothing;
  if not found then
    return false;
  end if;
  insert into {schema}.outbox (pk, sk) values ($2, $3);
  return true;
end $$;
revoke all on function {schema}.append from public;
grant execute on function {schema}.append to dekigoto_api;

-- A digest of the text of a record and of its place in a log. A log delivers the record again while one before it waits.
alter table {schema}.parked add column once text collate "C";
create unique index on {schema}.parked (once);
