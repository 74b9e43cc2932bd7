-- What happened, one row for each change of a signal, an attempt, a tenure, the authority, the control mode,
-- a decision, an acceptance and a refusal, written by triggers, so that no code path can forget it (PROTOCOL
-- 4.9). Each event carries the hash of the one before it in its chain: that of a signal with its attempts, or
-- of the group's leadership, and those who append to one hold its row or the group's lock anyway. Blocks seal
-- what is certainly complete.

-- +goose Up
CREATE TABLE ledger_events (
    group_name  text        NOT NULL,
    -- The signal's id; 0 for the group's leadership; a refusal's id below zero, which is a chain of one.
    chain       bigint      NOT NULL,
    number      bigint      NOT NULL,
    entity      text        NOT NULL,
    entity_id   bigint      NOT NULL,
    what        text        NOT NULL,
    -- The row as it was then; of a signal's payload the hash alone.
    content     jsonb       NOT NULL,
    -- The group's epoch as the change saw it; of an attempt and a tenure their own.
    epoch       bigint      NOT NULL,
    happened_at timestamptz NOT NULL,
    -- The transaction: whatever is older than all that still run is complete, and can be sealed.
    xid         bigint      NOT NULL,
    hash        bytea       NOT NULL,

    CONSTRAINT ledger_events_pkey PRIMARY KEY (group_name, chain, number),
    CONSTRAINT ledger_events_numbered_from_one CHECK (number > 0),
    CONSTRAINT ledger_events_entity_known CHECK (entity IN ('signal', 'attempt', 'decision', 'tenure',
        'authority', 'control', 'acceptance', 'refusal')),
    CONSTRAINT ledger_events_hash_is_one CHECK (octet_length(hash) = 32)
);
CREATE INDEX ledger_events_by_xid ON ledger_events (group_name, xid);

-- The blocks: each covers the events of a range of transactions, from the end of the block before it.
CREATE TABLE ledger_blocks (
    group_name text        NOT NULL,
    number     bigint      NOT NULL,
    from_xid   bigint      NOT NULL,
    upto_xid   bigint      NOT NULL,
    events     bigint      NOT NULL,
    sealed_at  timestamptz NOT NULL,
    hash       bytea       NOT NULL,

    CONSTRAINT ledger_blocks_pkey PRIMARY KEY (group_name, number),
    CONSTRAINT ledger_blocks_numbered_from_one CHECK (number > 0),
    CONSTRAINT ledger_blocks_cover_something CHECK (from_xid < upto_xid AND events > 0),
    CONSTRAINT ledger_blocks_hash_is_one CHECK (octet_length(hash) = 32)
);

CREATE TRIGGER ledger_events_append_only BEFORE UPDATE OR DELETE ON ledger_events
    FOR EACH ROW EXECUTE FUNCTION log_append_only();
CREATE TRIGGER ledger_events_append_only_truncate BEFORE TRUNCATE ON ledger_events
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();
CREATE TRIGGER ledger_blocks_append_only BEFORE UPDATE OR DELETE ON ledger_blocks
    FOR EACH ROW EXECUTE FUNCTION log_append_only();
CREATE TRIGGER ledger_blocks_append_only_truncate BEFORE TRUNCATE ON ledger_blocks
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();

-- The logs could be emptied as a whole; now they cannot.
CREATE TRIGGER fence_refusals_append_only_truncate BEFORE TRUNCATE ON fence_refusals
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();
CREATE TRIGGER control_history_append_only_truncate BEFORE TRUNCATE ON control_history
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();
CREATE TRIGGER decisions_append_only_truncate BEFORE TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();
CREATE TRIGGER authority_acceptances_append_only_truncate BEFORE TRUNCATE ON authority_acceptances
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();
CREATE TRIGGER authority_lineages_append_only_truncate BEFORE TRUNCATE ON authority_lineages
    FOR EACH STATEMENT EXECUTE FUNCTION log_append_only();

-- Appends one event to its chain. Two who append to one chain at once, which only somebody can who holds none
-- of the locks, are held apart by the key: one of them fails.
-- +goose StatementBegin
CREATE FUNCTION ledger_events_append(
    group_is text, chain_is bigint, entity_is text, id_is bigint, what_is text, epoch_is bigint,
    content_is jsonb, first_one boolean DEFAULT false
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last   bigint := 0;
    before bytea := ''::bytea;
    instant timestamptz := clock_timestamp();
    me     bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF NOT first_one THEN
        SELECT e.number, e.hash INTO last, before FROM ledger_events e
        WHERE e.group_name = group_is AND e.chain = chain_is ORDER BY e.number DESC LIMIT 1;
        last := coalesce(last, 0);
    END IF;
    INSERT INTO ledger_events
        (group_name, chain, number, entity, entity_id, what, content, epoch, happened_at, xid, hash)
    VALUES (group_is, chain_is, last + 1, entity_is, id_is, what_is, content_is, epoch_is, instant, me,
        sha256(convert_to(concat_ws(E'\n', coalesce(encode(before, 'hex'), ''),
            octet_length(group_is) || ':' || group_is, chain_is, last + 1, entity_is, id_is, what_is,
            epoch_is, (extract(epoch FROM instant) * 1000000)::bigint, me, content_is::text), 'UTF8')));
END $$;
-- +goose StatementEnd

-- Follows every change of a row that counts as evidence. It runs as the tables' owner: whoever may change a
-- signal need not, and should not, be able to write events of his own.
-- +goose StatementBegin
CREATE FUNCTION ledger_events_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    now_epoch bigint;
    word      text;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'signals' THEN
        NEW.payload := ''::bytea; -- its hash stands beside it
        SELECT a.epoch INTO now_epoch FROM authority a WHERE a.group_name = NEW.group_name;
        word := CASE WHEN TG_OP = 'INSERT' THEN 'stored' WHEN NEW.state <> OLD.state THEN NEW.state
                     ELSE 'changed' END;
        PERFORM ledger_events_append(NEW.group_name, NEW.id, 'signal', NEW.id, word, coalesce(now_epoch, 0),
            to_jsonb(NEW) - 'payload', TG_OP = 'INSERT');
    WHEN 'attempts' THEN
        word := CASE WHEN TG_OP = 'INSERT' THEN 'permitted' WHEN NEW.fence_seq <> OLD.fence_seq
                     THEN 'permitted again' WHEN NEW.state <> OLD.state THEN NEW.state ELSE 'changed' END;
        PERFORM ledger_events_append(NEW.group_name, NEW.signal, 'attempt', NEW.attempt, word, NEW.epoch,
            to_jsonb(NEW));
    WHEN 'decisions' THEN
        SELECT a.epoch INTO now_epoch FROM authority a WHERE a.group_name = NEW.group_name;
        PERFORM ledger_events_append(NEW.group_name, NEW.signal, 'decision', NEW.id, 'decided',
            coalesce(now_epoch, 0), to_jsonb(NEW));
    WHEN 'leadership_history' THEN
        word := CASE WHEN NEW.released_leader_at IS NULL THEN 'opened' WHEN TG_OP = 'INSERT' THEN 'entered'
                     ELSE 'closed' END;
        PERFORM ledger_events_append(NEW.group_name, 0, 'tenure', NEW.epoch, word, NEW.epoch,
            to_jsonb(NEW) - 'leadership_duration_seconds');
    WHEN 'authority' THEN
        PERFORM ledger_events_append(NEW.group_name, 0, 'authority', NEW.epoch, 'changed', NEW.epoch,
            to_jsonb(NEW) - 'pg_lease_until' - 'updated_at');
    WHEN 'control_history' THEN
        SELECT a.epoch INTO now_epoch FROM authority a WHERE a.group_name = NEW.group_name;
        PERFORM ledger_events_append(NEW.group_name, 0, 'control', NEW.id, NEW.mode, coalesce(now_epoch, 0),
            to_jsonb(NEW));
    WHEN 'authority_acceptances' THEN
        PERFORM ledger_events_append(NEW.group_name, 0, 'acceptance', NEW.accepted, 'accepted',
            NEW.epoch_left, to_jsonb(NEW));
    WHEN 'fence_refusals' THEN
        -- Refusals happen under the shared lock, many at once: each is a chain of its own.
        PERFORM ledger_events_append(NEW.group_name, -NEW.id, 'refusal', NEW.id, 'refused',
            NEW.current_epoch, to_jsonb(NEW));
    END CASE;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Seals what no running transaction can still add to: at most so many events and the rest of the last one's
-- transaction. It returns how many it sealed, or -1 while somebody else seals. It waits for nobody, and
-- nobody waits for it.
-- +goose StatementBegin
CREATE FUNCTION ledger_seal(group_is text, most bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    horizon  bigint;
    start    bigint;
    upto     bigint;
    last     ledger_blocks%ROWTYPE;
    found_n  bigint;
    together bytea;
    instant  timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('fencepost:seal:' || group_is, 0)) THEN
        RETURN -1;
    END IF;
    horizon := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    SELECT * INTO last FROM ledger_blocks b WHERE b.group_name = group_is ORDER BY b.number DESC LIMIT 1;
    start := coalesce(last.upto_xid, 0);
    IF horizon < start THEN
        RAISE EXCEPTION 'ledger_seal: transaction % is older than block % of group %, which ends at %',
            horizon, last.number, group_is, start
            USING HINT = 'this database was rebuilt from a dump; see docs/runbooks/verify.md';
    END IF;
    SELECT e.xid + 1 INTO upto FROM ledger_events e
    WHERE e.group_name = group_is AND e.xid >= start AND e.xid < horizon
    ORDER BY e.xid OFFSET greatest(most, 1) - 1 LIMIT 1;
    upto := coalesce(upto, horizon);
    SELECT count(*), sha256(coalesce(string_agg(e.hash, ''::bytea ORDER BY e.xid, e.chain, e.number), ''))
        INTO found_n, together FROM ledger_events e
    WHERE e.group_name = group_is AND e.xid >= start AND e.xid < upto;
    IF found_n = 0 THEN
        RETURN 0;
    END IF;
    instant := clock_timestamp();
    INSERT INTO ledger_blocks (group_name, number, from_xid, upto_xid, events, sealed_at, hash)
    VALUES (group_is, coalesce(last.number, 0) + 1, start, upto, found_n, instant,
        sha256(convert_to(concat_ws(E'\n', coalesce(encode(last.hash, 'hex'), ''),
            octet_length(group_is) || ':' || group_is, coalesce(last.number, 0) + 1, start, upto, found_n,
            (extract(epoch FROM instant) * 1000000)::bigint, encode(together, 'hex')), 'UTF8')));
    RETURN found_n;
END $$;
-- +goose StatementEnd

-- The functions find the ledger's own tables and nothing of whoever calls them, not even his temporary ones,
-- and write instants in one time zone.
-- +goose StatementBegin
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['ledger_events_follow()', 'ledger_seal(text, bigint)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', signature,
            current_schema());
        EXECUTE format('ALTER FUNCTION %s SET TimeZone = ''UTC''', signature);
    END LOOP;
END $$;
-- +goose StatementEnd

CREATE TRIGGER signals_event AFTER INSERT OR UPDATE ON signals
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER attempts_event AFTER INSERT OR UPDATE ON attempts
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER decisions_event AFTER INSERT ON decisions
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER leadership_history_event AFTER INSERT OR UPDATE ON leadership_history
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER authority_event AFTER INSERT ON authority
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
-- A heartbeat that renews a lease in PostgreSQL is no event.
CREATE TRIGGER authority_change_event AFTER UPDATE ON authority
    FOR EACH ROW WHEN ((OLD.epoch, OLD.holder, OLD.nonce, OLD.acquisition, OLD.kind, OLD.open, OLD.taken_at,
        OLD.fence_seq, OLD.control_mode, OLD.control_reason, OLD.control_by, OLD.control_at, OLD.protocol_min,
        OLD.protocol_max, OLD.accepted)
        IS DISTINCT FROM (NEW.epoch, NEW.holder, NEW.nonce, NEW.acquisition, NEW.kind, NEW.open, NEW.taken_at,
        NEW.fence_seq, NEW.control_mode, NEW.control_reason, NEW.control_by, NEW.control_at, NEW.protocol_min,
        NEW.protocol_max, NEW.accepted))
    EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER control_history_event AFTER INSERT ON control_history
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER authority_acceptances_event AFTER INSERT ON authority_acceptances
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();
CREATE TRIGGER fence_refusals_event AFTER INSERT ON fence_refusals
    FOR EACH ROW EXECUTE FUNCTION ledger_events_follow();

-- What was there before there were events is adopted as it is.
-- +goose StatementBegin
DO $$
DECLARE
    zone text := current_setting('TimeZone');
BEGIN
    PERFORM set_config('TimeZone', 'UTC', true);
    PERFORM ledger_events_append(s.group_name, s.id, 'signal', s.id, 'adopted', 0, to_jsonb(s) - 'payload')
    FROM (SELECT * FROM signals ORDER BY id) s;
    PERFORM ledger_events_append(a.group_name, a.signal, 'attempt', a.attempt, 'adopted', a.epoch,
        to_jsonb(a))
    FROM (SELECT * FROM attempts ORDER BY signal, attempt) a;
    PERFORM ledger_events_append(d.group_name, d.signal, 'decision', d.id, 'adopted', 0, to_jsonb(d))
    FROM (SELECT * FROM decisions ORDER BY id) d;
    PERFORM ledger_events_append(h.group_name, 0, 'tenure', h.epoch, 'adopted', h.epoch,
        to_jsonb(h) - 'leadership_duration_seconds')
    FROM (SELECT * FROM leadership_history ORDER BY group_name, epoch) h;
    PERFORM ledger_events_append(c.group_name, 0, 'control', c.id, 'adopted', 0, to_jsonb(c))
    FROM (SELECT * FROM control_history ORDER BY id) c;
    PERFORM ledger_events_append(c.group_name, 0, 'acceptance', c.accepted, 'adopted', c.epoch_left,
        to_jsonb(c))
    FROM (SELECT * FROM authority_acceptances ORDER BY id) c;
    PERFORM ledger_events_append(a.group_name, 0, 'authority', a.epoch, 'adopted', a.epoch,
        to_jsonb(a) - 'pg_lease_until' - 'updated_at')
    FROM authority a;
    PERFORM ledger_events_append(r.group_name, -r.id, 'refusal', r.id, 'adopted', r.current_epoch,
        to_jsonb(r))
    FROM (SELECT * FROM fence_refusals ORDER BY id) r;
    PERFORM set_config('TimeZone', zone, true);
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER fence_refusals_event ON fence_refusals;
DROP TRIGGER authority_acceptances_event ON authority_acceptances;
DROP TRIGGER control_history_event ON control_history;
DROP TRIGGER authority_change_event ON authority;
DROP TRIGGER authority_event ON authority;
DROP TRIGGER leadership_history_event ON leadership_history;
DROP TRIGGER decisions_event ON decisions;
DROP TRIGGER attempts_event ON attempts;
DROP TRIGGER signals_event ON signals;
DROP TRIGGER authority_lineages_append_only_truncate ON authority_lineages;
DROP TRIGGER authority_acceptances_append_only_truncate ON authority_acceptances;
DROP TRIGGER decisions_append_only_truncate ON decisions;
DROP TRIGGER control_history_append_only_truncate ON control_history;
DROP TRIGGER fence_refusals_append_only_truncate ON fence_refusals;
DROP FUNCTION ledger_seal(text, bigint);
DROP FUNCTION ledger_events_follow();
DROP FUNCTION ledger_events_append(text, bigint, text, bigint, text, bigint, jsonb, boolean);
DROP TABLE ledger_blocks;
DROP TABLE ledger_events;
