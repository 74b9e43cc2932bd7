-- The one row for each group that says who may act: the epoch, its holder, whether the tenure is open, and
-- the operator's mode. Takeovers, closings and changes of mode hold the group's advisory lock exclusively,
-- permits and heartbeats hold it shared; fence_seq is drawn under it and is the only order that can be relied
-- on.

-- +goose Up
CREATE SEQUENCE fence_seq AS bigint START 1 CACHE 1 NO CYCLE;

CREATE TABLE authority (
    group_name     text        NOT NULL,
    epoch          bigint      NOT NULL DEFAULT 0,
    holder         text        NOT NULL DEFAULT '',
    nonce          text        NOT NULL DEFAULT '',
    acquisition    bigint      NOT NULL DEFAULT 0,
    token          text        NOT NULL
        GENERATED ALWAYS AS (
            CASE WHEN holder = '' THEN '' ELSE holder || '|' || nonce || '|' || acquisition::text END) STORED,
    kind           text        NOT NULL DEFAULT 'redis',
    open           boolean     NOT NULL DEFAULT false,
    taken_at       timestamptz,
    pg_lease_until timestamptz,
    fence_seq      bigint      NOT NULL DEFAULT 0,
    control_mode   text        NOT NULL DEFAULT 'run',
    control_reason text        NOT NULL DEFAULT '',
    control_by     text        NOT NULL DEFAULT '',
    control_at     timestamptz,
    protocol_min   integer     NOT NULL DEFAULT 0,
    protocol_max   integer     NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT authority_pkey PRIMARY KEY (group_name),
    CONSTRAINT authority_group_named CHECK (group_name <> ''),
    CONSTRAINT authority_kind_known CHECK (kind IN ('redis', 'pg', 'lost')),
    CONSTRAINT authority_open_has_holder CHECK (
        NOT open
        OR (epoch > 0 AND holder <> '' AND nonce <> '' AND acquisition > 0 AND taken_at IS NOT NULL)),
    CONSTRAINT authority_pg_lease_of_kind_pg CHECK ((kind = 'pg') = (pg_lease_until IS NOT NULL)),
    CONSTRAINT authority_control_mode_known CHECK (control_mode IN ('run', 'pause', 'halt')),
    CONSTRAINT authority_protocol_range CHECK (
        0 <= protocol_min AND protocol_min <= protocol_max AND protocol_max <= 65535)
);

-- The epoch never falls and rises by exactly one.
-- +goose StatementBegin
CREATE FUNCTION authority_epoch_rises_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before bigint := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := OLD.epoch;
        IF NEW.epoch = before OR NEW.epoch = before + 1 THEN
            RETURN NEW;
        END IF;
    ELSIF NEW.epoch = 0 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'authority_epoch_rises_by_one: epoch of group % goes from % to %',
        NEW.group_name, before, NEW.epoch
        USING ERRCODE = 'check_violation', CONSTRAINT = 'authority_epoch_rises_by_one', TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER authority_epoch_rises_by_one BEFORE INSERT OR UPDATE ON authority
    FOR EACH ROW EXECUTE FUNCTION authority_epoch_rises_by_one();

-- Within one epoch the holder stays, and a closed tenure stays closed.
-- +goose StatementBegin
CREATE FUNCTION authority_holder_changes_with_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.group_name <> OLD.group_name THEN
        RAISE EXCEPTION 'authority_holder_changes_with_epoch: group % is renamed to %',
            OLD.group_name, NEW.group_name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'authority_holder_changes_with_epoch',
                  TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.epoch = OLD.epoch
        AND ((NEW.holder, NEW.nonce, NEW.acquisition, NEW.kind, NEW.taken_at)
             IS DISTINCT FROM (OLD.holder, OLD.nonce, OLD.acquisition, OLD.kind, OLD.taken_at)
             OR (NEW.open AND NOT OLD.open))
    THEN
        RAISE EXCEPTION
            'authority_holder_changes_with_epoch: epoch % of group % changes hands or is reopened',
            NEW.epoch, NEW.group_name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'authority_holder_changes_with_epoch',
                  TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER authority_holder_changes_with_epoch BEFORE UPDATE ON authority
    FOR EACH ROW EXECUTE FUNCTION authority_holder_changes_with_epoch();

-- A deleted row would start again at epoch zero.
-- +goose StatementBegin
CREATE FUNCTION authority_is_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'authority_is_never_deleted: % of the authority', TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = 'authority_is_never_deleted', TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER authority_is_never_deleted BEFORE DELETE ON authority
    FOR EACH ROW EXECUTE FUNCTION authority_is_never_deleted();
CREATE TRIGGER authority_is_never_deleted_truncate BEFORE TRUNCATE ON authority
    FOR EACH STATEMENT EXECUTE FUNCTION authority_is_never_deleted();

-- At each commit the history's youngest row is the authority's tenure, and only it may be open. Whoever
-- changes one without the other cannot commit.
-- +goose StatementBegin
CREATE FUNCTION authority_agrees_with_history() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
    a authority%ROWTYPE;
    h leadership_history%ROWTYPE;
BEGIN
    SELECT * INTO a FROM authority WHERE group_name = NEW.group_name;
    SELECT * INTO h FROM leadership_history WHERE group_name = NEW.group_name ORDER BY epoch DESC LIMIT 1;
    IF coalesce(a.epoch, 0) = coalesce(h.epoch, 0)
        AND coalesce(a.token, '') = coalesce(h.token, '')
        AND coalesce(a.open, false) = (h.epoch IS NOT NULL AND h.released_leader_at IS NULL)
        AND NOT EXISTS (SELECT FROM leadership_history o WHERE o.group_name = NEW.group_name
                        AND o.released_leader_at IS NULL AND o.epoch <> a.epoch)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION
        'authority_agrees_with_history: group % has authority epoch % (open %), history epoch % (open %)',
        NEW.group_name, a.epoch, a.open, h.epoch, h.released_leader_at IS NULL
        USING ERRCODE = 'check_violation', CONSTRAINT = 'authority_agrees_with_history',
              TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER authority_agrees_with_history AFTER INSERT OR UPDATE ON authority
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION authority_agrees_with_history();
CREATE CONSTRAINT TRIGGER authority_agrees_with_history AFTER INSERT OR UPDATE ON leadership_history
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION authority_agrees_with_history();

-- What was refused to an epoch that is not the current one, or whose tenure is closed.
CREATE TABLE fence_refusals (
    id            bigint      GENERATED BY DEFAULT AS IDENTITY,
    group_name    text        NOT NULL,
    op            text        NOT NULL,
    epoch         bigint      NOT NULL,
    current_epoch bigint      NOT NULL,
    token         text        NOT NULL,
    signal        bigint,
    reason        text        NOT NULL,
    refused_at    timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT fence_refusals_pkey PRIMARY KEY (id),
    CONSTRAINT fence_refusals_reason_known CHECK (reason IN ('superseded', 'tenure_closed', 'authority_gone'))
);
CREATE INDEX fence_refusals_by_group ON fence_refusals (group_name, id);

-- Who set which mode, when and why.
CREATE TABLE control_history (
    id         bigint      GENERATED BY DEFAULT AS IDENTITY,
    group_name text        NOT NULL,
    mode       text        NOT NULL,
    reason     text        NOT NULL,
    set_by     text        NOT NULL,
    set_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    fence_seq  bigint      NOT NULL,

    CONSTRAINT control_history_pkey PRIMARY KEY (id),
    CONSTRAINT control_history_mode_known CHECK (mode IN ('run', 'pause', 'halt'))
);
CREATE INDEX control_history_by_group ON control_history (group_name, id);

-- +goose StatementBegin
CREATE FUNCTION log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%_append_only: % of a logged row', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only',
              TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER fence_refusals_append_only BEFORE UPDATE OR DELETE ON fence_refusals
    FOR EACH ROW EXECUTE FUNCTION log_append_only();
CREATE TRIGGER control_history_append_only BEFORE UPDATE OR DELETE ON control_history
    FOR EACH ROW EXECUTE FUNCTION log_append_only();

-- +goose Down
DROP TABLE control_history;
DROP TABLE fence_refusals;
DROP FUNCTION log_append_only();
DROP TRIGGER authority_agrees_with_history ON leadership_history;
DROP TABLE authority;
DROP FUNCTION authority_agrees_with_history();
DROP FUNCTION authority_is_never_deleted();
DROP FUNCTION authority_holder_changes_with_epoch();
DROP FUNCTION authority_epoch_rises_by_one();
DROP SEQUENCE fence_seq;
