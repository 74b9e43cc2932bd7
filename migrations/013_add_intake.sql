-- Finds the signals that say the same as a new one: same instrument, type and position, under another key.

-- +goose Up
CREATE INDEX signals_by_meaning ON signals (group_name, instrument, type, position, received_at);

-- +goose Down
DROP INDEX signals_by_meaning;
