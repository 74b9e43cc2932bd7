-- The index by which a turn was looked up before the indexes of migration 020 led through all that waits. It goes by
-- itself: who builds an index shuts writers out, who drops one shuts readers out too, and who did both in one
-- transaction could meet a permit in a ring.

-- +goose Up
DROP INDEX signals_open_by_instrument;

-- +goose Down
CREATE INDEX signals_open_by_instrument ON signals (group_name, instrument, id)
    WHERE state IN ('received', 'held', 'submitting', 'submitted', 'in_doubt');
