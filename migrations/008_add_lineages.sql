-- Which servers have held this ledger, and since when each has been seen. A standby that was promoted may lack
-- heartbeats that its predecessor had confirmed; when that was its own start does not tell.

-- +goose Up
CREATE TABLE authority_lineages (
    group_name        text        NOT NULL,
    system_identifier bigint      NOT NULL,
    timeline          bigint      NOT NULL,
    -- -infinity for the first one of a group: there was none before it.
    first_seen_at     timestamptz NOT NULL,

    CONSTRAINT authority_lineages_pkey PRIMARY KEY (group_name, system_identifier, timeline)
);
CREATE TRIGGER authority_lineages_append_only BEFORE UPDATE OR DELETE ON authority_lineages
    FOR EACH ROW EXECUTE FUNCTION log_append_only();

-- +goose Down
DROP TABLE authority_lineages;
