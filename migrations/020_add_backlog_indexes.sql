-- However many signals wait, what is to be done next is found at the head of each instrument's line: exits before
-- entries, then the older one.

-- +goose Up
CREATE INDEX signals_waiting ON signals (group_name, instrument, (type <> 'EXIT'), id) WHERE state = 'received';
CREATE INDEX signals_in_flight ON signals (group_name, instrument, id)
    WHERE state IN ('submitting', 'submitted', 'in_doubt');
-- What is listed although it does not wait for its turn.
CREATE INDEX signals_at_work ON signals (group_name, id)
    WHERE state IN ('held', 'submitting', 'submitted', 'in_doubt');
CREATE INDEX signals_outdating ON signals (group_name, valid_until)
    WHERE state = 'received' AND valid_until IS NOT NULL;

-- +goose Down
DROP INDEX signals_outdating;
DROP INDEX signals_at_work;
DROP INDEX signals_in_flight;
DROP INDEX signals_waiting;
