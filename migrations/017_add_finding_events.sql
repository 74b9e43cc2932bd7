-- What a comparison with the broker's book found is an event too (PROTOCOL 4.9): one in the leadership's chain, where
-- the halt stands that it led to. Whoever writes a finding holds the group's lock, as everybody does who appends there.

-- +goose Up
ALTER TABLE ledger_events DROP CONSTRAINT ledger_events_entity_known;
ALTER TABLE ledger_events ADD CONSTRAINT ledger_events_entity_known CHECK (entity IN ('signal', 'attempt', 'decision',
    'tenure', 'authority', 'control', 'acceptance', 'refusal', 'finding'));

-- A function of its own: the one that follows the other tables stays as it was applied.
-- +goose StatementBegin
CREATE FUNCTION ledger_events_follow_finding() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    now_epoch bigint;
BEGIN
    SELECT a.epoch INTO now_epoch FROM authority a WHERE a.group_name = NEW.group_name;
    PERFORM ledger_events_append(NEW.group_name, 0, 'finding', NEW.id, NEW.kind, coalesce(now_epoch, 0),
        to_jsonb(NEW));
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION ledger_events_follow_finding() SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
    ALTER FUNCTION ledger_events_follow_finding() SET TimeZone = 'UTC';
END $$;
-- +goose StatementEnd

CREATE TRIGGER reconcile_findings_event AFTER INSERT ON reconcile_findings
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow_finding();
CREATE TRIGGER reconcile_findings_append_only_truncate BEFORE TRUNCATE ON reconcile_findings
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();

-- What was found before is adopted as it is, but for what is told of already.
-- +goose StatementBegin
DO $$
DECLARE
    zone text := current_setting('TimeZone');
BEGIN
    PERFORM set_config('TimeZone', 'UTC', true);
    PERFORM ledger_events_append(f.group_name, 0, 'finding', f.id, 'adopted', 0, to_jsonb(f))
    FROM (SELECT * FROM reconcile_findings r WHERE NOT EXISTS (SELECT FROM ledger_events e
          WHERE e.group_name = r.group_name AND e.chain = 0 AND e.entity = 'finding' AND e.entity_id = r.id)
          ORDER BY id) f;
    PERFORM set_config('TimeZone', zone, true);
END $$;
-- +goose StatementEnd

-- +goose Down
-- The events stay, for they are part of a chain, and so does the word for them.
DROP TRIGGER reconcile_findings_append_only_truncate ON reconcile_findings;
DROP TRIGGER reconcile_findings_event ON reconcile_findings;
DROP FUNCTION ledger_events_follow_finding();
