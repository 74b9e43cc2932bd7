-- Who runs: one row for each process start of an instance, with its heartbeat. Two processes that were given
-- the same instance id by mistake differ in the nonce, so that neither can keep the other looking alive.

-- +goose Up
CREATE TABLE instance_metadata (
    group_name            text        NOT NULL DEFAULT 'default',
    instance_id           text        NOT NULL,
    nonce                 text        NOT NULL DEFAULT '',
    started_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_heartbeat        timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_signal_processed timestamptz,
    is_leader             boolean     NOT NULL DEFAULT false,
    leader_acquired_at    timestamptz,
    status                text        NOT NULL DEFAULT 'follower',
    hostname              text        NOT NULL DEFAULT '',
    port                  integer     NOT NULL DEFAULT 0,
    version               text        NOT NULL DEFAULT '',
    created_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at            timestamptz NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT instance_metadata_pkey PRIMARY KEY (group_name, instance_id, nonce),
    CONSTRAINT instance_metadata_group_named CHECK (group_name <> ''),
    CONSTRAINT instance_metadata_id_has_no_bar CHECK (instance_id <> '' AND position('|' IN instance_id) = 0),
    CONSTRAINT instance_metadata_status_known CHECK (status IN ('follower', 'leader', 'stopped')),
    CONSTRAINT instance_metadata_leader_since CHECK (NOT is_leader OR leader_acquired_at IS NOT NULL)
);

-- At most one row of a group says that it leads.
CREATE UNIQUE INDEX instance_metadata_one_leader ON instance_metadata (group_name) WHERE is_leader;

-- +goose Down
DROP TABLE instance_metadata;
