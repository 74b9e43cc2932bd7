-- Finds the leader's heartbeat, and stale leaders, without reading the rows of followers and of earlier
-- processes.

-- +goose Up
CREATE INDEX idx_instance_metadata_heartbeat_leader
    ON instance_metadata (group_name, last_heartbeat DESC, is_leader)
    WHERE is_leader;

-- +goose Down
DROP INDEX idx_instance_metadata_heartbeat_leader;
