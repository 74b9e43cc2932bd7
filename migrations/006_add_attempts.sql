-- The intents: what was permitted, under which epoch, until when it may be sent, and what came of it. A row
-- is written before the order leaves. At most one attempt of a signal is not void.

-- +goose Up
CREATE TABLE attempts (
    group_name      text        NOT NULL,
    signal          bigint      NOT NULL,
    attempt         bigint      NOT NULL,
    client_order_id text        NOT NULL,
    epoch           bigint      NOT NULL,
    token           text        NOT NULL,
    state           text        NOT NULL DEFAULT 'submitting',
    send_by         timestamptz NOT NULL,
    fence_seq       bigint      NOT NULL,
    resends         integer     NOT NULL DEFAULT 0,
    outcome         text,
    late_outcome    text,
    broker_order_id text        NOT NULL DEFAULT '',
    broker_detail   text        NOT NULL DEFAULT '',
    recorded_by     text        NOT NULL DEFAULT '',
    recorded_at     timestamptz,
    permitted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT attempts_pkey PRIMARY KEY (signal, attempt),
    CONSTRAINT attempts_of_a_signal FOREIGN KEY (group_name, signal) REFERENCES signals (group_name, id),
    CONSTRAINT attempts_client_order_id_once UNIQUE (client_order_id, group_name),
    CONSTRAINT attempts_fence_seq_once UNIQUE (fence_seq),
    CONSTRAINT attempts_numbered_from_one CHECK (attempt > 0),
    CONSTRAINT attempts_epoch_positive CHECK (epoch > 0 AND token <> ''),
    CONSTRAINT attempts_state_known CHECK (state IN ('submitting', 'submitted', 'in_doubt',
        'executed', 'rejected', 'cancelled', 'void')),
    CONSTRAINT attempts_late_outcome_of_a_void_one CHECK (late_outcome IS NULL OR state = 'void')
);

-- At most one attempt of a signal is not void.
CREATE UNIQUE INDEX attempts_one_standing ON attempts (group_name, signal) WHERE state <> 'void';
CREATE INDEX attempts_by_fence_seq ON attempts (group_name, fence_seq);

-- The arrows of an attempt. Void and the broker's verdicts are final; a second send of the same attempt leads
-- from in_doubt back to submitting.
-- +goose StatementBegin
CREATE FUNCTION attempts_state_arrow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state
        OR OLD.state = 'submitting'
            AND NEW.state IN ('submitted', 'in_doubt', 'executed', 'rejected', 'cancelled', 'void')
        OR OLD.state = 'submitted' AND NEW.state IN ('executed', 'rejected', 'cancelled')
        OR OLD.state = 'in_doubt'
            AND NEW.state IN ('submitted', 'executed', 'rejected', 'cancelled', 'void', 'submitting')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'attempts_state_arrow: attempt % of signal % goes from % to %',
        OLD.attempt, OLD.signal, OLD.state, NEW.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'attempts_state_arrow', TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER attempts_state_arrow BEFORE UPDATE ON attempts
    FOR EACH ROW EXECUTE FUNCTION attempts_state_arrow();

-- An attempt keeps its identity. Its permit may be renewed, only by a later one under no older epoch.
-- +goose StatementBegin
CREATE FUNCTION attempts_never_vanish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.group_name, NEW.signal, NEW.attempt, NEW.client_order_id, NEW.created_at)
            = (OLD.group_name, OLD.signal, OLD.attempt, OLD.client_order_id, OLD.created_at)
            AND ((NEW.epoch, NEW.token, NEW.send_by, NEW.fence_seq)
                 = (OLD.epoch, OLD.token, OLD.send_by, OLD.fence_seq)
                 OR NEW.fence_seq > OLD.fence_seq AND NEW.epoch >= OLD.epoch AND OLD.state = 'in_doubt')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'attempts_never_vanish: % of what an attempt is', TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = 'attempts_never_vanish', TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER attempts_never_vanish BEFORE UPDATE OR DELETE ON attempts
    FOR EACH ROW EXECUTE FUNCTION attempts_never_vanish();
CREATE TRIGGER attempts_never_vanish_truncate BEFORE TRUNCATE ON attempts
    FOR EACH STATEMENT EXECUTE FUNCTION attempts_never_vanish();

-- +goose Down
DROP TABLE attempts;
DROP FUNCTION attempts_never_vanish();
DROP FUNCTION attempts_state_arrow();
