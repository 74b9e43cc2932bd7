-- +goose Up
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
