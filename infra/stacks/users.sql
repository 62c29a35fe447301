-- The users of the functions, for IAM authentication. Run it once, as the master user, after `dekigoto migrate`; it may run again.
-- A user has no password: it logs in with a token that its function's role signs. Each has the roles of its work only.
do $$
declare
  login text;
begin
  foreach login in array array['orders_api', 'orders_relay', 'orders_projector', 'orders_policy'] loop
    if not exists (select 1 from pg_roles where rolname = login) then
      execute format('create role %I login', login);
    end if;
    execute format('grant rds_iam to %I', login);
  end loop;
end $$;

grant dekigoto_api to orders_api;
grant dekigoto_relay to orders_relay;
grant dekigoto_projector to orders_projector;
-- A policy appends its commands, and keeps no row of a view; it parks what it cannot handle.
grant dekigoto_api, dekigoto_projector to orders_policy;
