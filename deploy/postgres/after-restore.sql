-- Run once by psql, as a superuser or the tables' owner, after a dump of a ledger was restored into another server.
--
-- Events and blocks are ordered by the transactions that wrote them, and a new server counts its transactions from
-- the beginning. This passes as many as the old one had, so that what is written from now on comes after what was
-- restored. About a minute for ten million. It may be repeated.
SET synchronous_commit = off;
DO $$
DECLARE
    goal bigint;
BEGIN
    SELECT greatest((SELECT max(upto_xid) FROM ledger_blocks), (SELECT max(xid) + 1 FROM ledger_events))
        INTO goal;
    WHILE pg_current_xact_id()::text::bigint < coalesce(goal, 0) LOOP
        COMMIT;
    END LOOP;
END $$;
