-- The audit of a run: what became of every row of the ledger, written by the transaction that changed it, so
-- that it is committed or lost with the change. It belongs to the superuser; the service has no need to know.
CREATE SCHEMA audit;

CREATE TABLE audit.rows (
    seq    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began  timestamptz NOT NULL DEFAULT transaction_timestamp(),
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    tx     xid8        NOT NULL DEFAULT pg_current_xact_id(),
    source text        NOT NULL,
    op     text        NOT NULL,
    entry  jsonb       NOT NULL
);

CREATE INDEX rows_by_tx ON audit.rows (tx, at);

-- The number is drawn while the row, or the group's lock, is still held: numbers are in the order in which
-- the changes became true.
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO audit.rows (source, op, entry)
    VALUES (TG_TABLE_NAME, TG_OP,
            CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END
                - '{payload,payload_sha256}'::text[]);
    RETURN NULL;
END $$;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON authority
    FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON attempts
    FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON fence_refusals
    FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON control_history
    FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON authority_acceptances
    FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON instance_metadata
    FOR EACH ROW EXECUTE FUNCTION audit.note();

-- These two are told of at the end of their transaction: the authority's change comes before the history's,
-- and an attempt's before its signal's, whatever the order of the statements.
CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leadership_history
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON signals
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.note();
