-- The turns of the signals of one instrument: while an order of one may exist or still arrive, no other gets a
-- permit. A constraint, so that no program can forget it; one that is set up without the rule says so in its
-- transaction (fencepost.many_open). A signal that a late outcome puts in doubt beside another is a fact, and is
-- recorded; both then stand in the way of the next.

-- +goose Up
CREATE INDEX signals_open_by_instrument ON signals (group_name, instrument, id)
    WHERE state IN ('received', 'held', 'submitting', 'submitted', 'in_doubt');

-- The lock is taken by a statement of its own, so that the one that looks sees what whoever held it has done.
-- Of two in doubt the older one is sent again first, or each would wait for the other.
-- +goose StatementBegin
CREATE FUNCTION signals_taken_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other bigint;
BEGIN
    IF current_setting('fencepost.many_open', true) = 'on' THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(
        'fencepost:instrument:' || octet_length(NEW.group_name) || ':' || NEW.group_name || ':' || NEW.instrument,
        0));
    SELECT o.id INTO other FROM signals o
    WHERE o.group_name = NEW.group_name AND o.instrument = NEW.instrument AND o.id <> NEW.id
      AND (o.state IN ('submitting', 'submitted')
           OR o.state = 'in_doubt' AND (OLD.state <> 'in_doubt' OR o.id < NEW.id))
    LIMIT 1;
    IF other IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'signals_taken_in_turn: signal % of % is permitted, and an order of signal % may exist',
        NEW.id, NEW.instrument, other
        USING ERRCODE = 'check_violation', CONSTRAINT = 'signals_taken_in_turn',
              TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER signals_taken_in_turn BEFORE UPDATE ON signals
    FOR EACH ROW WHEN (NEW.state = 'submitting' AND OLD.state <> 'submitting')
    EXECUTE FUNCTION signals_taken_in_turn();

-- Why an effect was refused, and the row about it if its epoch or tenure was the cause: for permits, heartbeats
-- and closings alike. It runs as its caller and finds what that one finds.
-- +goose StatementBegin
CREATE FUNCTION effect_refused(
    group_is text, op_is text, epoch_is bigint, token_is text, signal_is bigint,
    OUT epoch bigint, OUT reason text, OUT control_mode text, OUT accepted bigint, OUT system bigint,
    OUT timeline bigint
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT coalesce(a.epoch, 0), coalesce(a.control_mode, 'run'), coalesce(a.accepted, 0),
           CASE WHEN a.epoch IS NULL THEN 'authority_gone'
                WHEN a.epoch <> epoch_is OR a.token <> token_is THEN 'superseded'
                WHEN NOT a.open THEN 'tenure_closed'
                ELSE '' END
    INTO epoch, control_mode, accepted, reason
    FROM (SELECT) one LEFT JOIN authority a ON a.group_name = group_is;
    system := 0;
    timeline := 0;
    IF reason <> '' THEN
        INSERT INTO fence_refusals (group_name, op, epoch, current_epoch, token, signal, reason)
        VALUES (group_is, op_is, epoch_is, epoch, token_is, NULLIF(signal_is, 0), reason);
        system := (SELECT system_identifier FROM pg_control_system());
        timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;
    END IF;
END $$;
-- +goose StatementEnd

-- Programs that are older than this ask for it by its former name.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION permit_refused(
    group_is text, op_is text, epoch_is bigint, token_is text, signal_is bigint,
    OUT epoch bigint, OUT reason text, OUT control_mode text, OUT accepted bigint, OUT system bigint,
    OUT timeline bigint
) LANGUAGE sql AS $$
    SELECT r.epoch, r.reason, r.control_mode, r.accepted, r.system, r.timeline
    FROM effect_refused(group_is, op_is, epoch_is, token_is, signal_is) r
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION permit_refused(
    group_is text, op_is text, epoch_is bigint, token_is text, signal_is bigint,
    OUT epoch bigint, OUT reason text, OUT control_mode text, OUT accepted bigint, OUT system bigint,
    OUT timeline bigint
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT coalesce(a.epoch, 0), coalesce(a.control_mode, 'run'), coalesce(a.accepted, 0),
           CASE WHEN a.epoch IS NULL THEN 'authority_gone'
                WHEN a.epoch <> epoch_is OR a.token <> token_is THEN 'superseded'
                WHEN NOT a.open THEN 'tenure_closed'
                ELSE '' END
    INTO epoch, control_mode, accepted, reason
    FROM (SELECT) one LEFT JOIN authority a ON a.group_name = group_is;
    system := 0;
    timeline := 0;
    IF reason <> '' THEN
        INSERT INTO fence_refusals (group_name, op, epoch, current_epoch, token, signal, reason)
        VALUES (group_is, op_is, epoch_is, epoch, token_is, NULLIF(signal_is, 0), reason);
        system := (SELECT system_identifier FROM pg_control_system());
        timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;
    END IF;
END $$;
-- +goose StatementEnd
DROP FUNCTION effect_refused(text, text, bigint, text, bigint);
DROP TRIGGER signals_taken_in_turn ON signals;
DROP FUNCTION signals_taken_in_turn();
DROP INDEX signals_open_by_instrument;
