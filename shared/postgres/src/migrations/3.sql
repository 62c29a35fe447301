-- Reads a page of a stream from a place on, downwards or upwards. Functions for the reason that append is one: the server plans
-- their statements once a session. They run with the rights of their callers, who may read the commits anyway.
create function {schema}.read_down(smallint, text, bigint, bigint)
returns setof {schema}.commits language plpgsql stable as $$
begin
  return query select * from {schema}.commits it
  where it.seg = $1 and it.pk = $2 and it.sk <= $3 order by it.sk desc limit $4;
end $$;
create function {schema}.read_up(smallint, text, bigint, bigint)
returns setof {schema}.commits language plpgsql stable as $$
begin
  return query select * from {schema}.commits it
  where it.seg = $1 and it.pk = $2 and it.sk >= $3 order by it.sk limit $4;
end $$;
revoke all on function {schema}.read_down, {schema}.read_up from public;
grant execute on function {schema}.read_down, {schema}.read_up to dekigoto_api, dekigoto_relay, dekigoto_projector;
