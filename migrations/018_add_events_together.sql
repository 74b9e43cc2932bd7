-- Signals that are stored together leave their events together: one statement for all of them instead of one
-- for each, which was a third of what storing a signal cost. The events are what they were (PROTOCOL 4.9): a
-- signal's first one has no predecessor to look for. Later changes of a signal still follow row by row.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION ledger_events_stored() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    instant timestamptz := clock_timestamp();
    me      bigint := pg_current_xact_id()::text::bigint;
BEGIN
    WITH stored AS MATERIALIZED (
        SELECT f.group_name, f.id, coalesce(a.epoch, 0) AS epoch,
               to_jsonb(f) - 'payload' AS content -- the payload's hash stands beside it
        FROM fresh f LEFT JOIN authority a ON a.group_name = f.group_name
    )
    INSERT INTO ledger_events
        (group_name, chain, number, entity, entity_id, what, content, epoch, happened_at, xid, hash)
    SELECT s.group_name, s.id, 1, 'signal', s.id, 'stored', s.content, s.epoch, instant, me,
        sha256(convert_to(concat_ws(E'\n', '', octet_length(s.group_name) || ':' || s.group_name, s.id, 1,
            'signal', s.id, 'stored', s.epoch, (extract(epoch FROM instant) * 1000000)::bigint, me,
            s.content::text), 'UTF8'))
    FROM stored s;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- As those of migration 010: nothing of whoever calls it is found, and instants are of one time zone.
-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION ledger_events_stored() SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
    ALTER FUNCTION ledger_events_stored() SET TimeZone = 'UTC';
END $$;
-- +goose StatementEnd

DROP TRIGGER signals_event ON signals;
CREATE TRIGGER signals_event AFTER UPDATE ON signals
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER signals_stored_event AFTER INSERT ON signals REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_events_stored();

-- The function is entered only by a row that it refuses.
DROP TRIGGER signals_begin_at_the_beginning ON signals;
CREATE TRIGGER signals_begin_at_the_beginning BEFORE INSERT ON signals FOR EACH ROW
    WHEN (NOT (NEW.state IN ('received', 'held', 'rejected') AND NEW.attempt = 0))
    EXECUTE FUNCTION signals_begin_at_the_beginning();

-- A new table is counted for the planner as soon as it has some pages. Until then the planner takes every group
-- for a rare one, and reads the whole group to find one signal; a server does not look by itself for a minute, in
-- which a new ledger may have got a hundred thousand. It returns whether all tables are counted, so that nobody
-- has to ask again. A few pages it must be: of fewer the planner reads all, and keeps to that. The sample is
-- small: a table that was restored without its statistics has millions of rows.
-- +goose StatementBegin
CREATE FUNCTION ledger_measure() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    few   CONSTANT bigint := 32;
    one   regclass;
    known boolean := true;
BEGIN
    FOREACH one IN ARRAY ARRAY['signals'::regclass, 'attempts', 'ledger_events'] LOOP
        CONTINUE WHEN (SELECT c.relpages >= few FROM pg_class c WHERE c.oid = one);
        known := false;
        IF pg_relation_size(one) >= few * current_setting('block_size')::bigint
            AND pg_try_advisory_xact_lock(hashtextextended('fencepost:measure:' || one::oid, 0))
        THEN
            EXECUTE format('ANALYZE %s', one);
        END IF;
    END LOOP;
    RETURN known;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION ledger_measure() SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
    ALTER FUNCTION ledger_measure() SET default_statistics_target = 10;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION ledger_measure();
DROP TRIGGER signals_begin_at_the_beginning ON signals;
CREATE TRIGGER signals_begin_at_the_beginning BEFORE INSERT ON signals
    FOR EACH ROW EXECUTE FUNCTION signals_begin_at_the_beginning();
DROP TRIGGER signals_stored_event ON signals;
DROP TRIGGER signals_event ON signals;
CREATE TRIGGER signals_event AFTER INSERT OR UPDATE ON signals
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
DROP FUNCTION ledger_events_stored();
