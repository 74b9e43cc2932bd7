-- What runs at every change of a signal finds rows by their keys, and what is in flight by an index of its own. Its
-- statements are planned once for each connection, whatever its transactions say about their own: planning them anew
-- was most of what a change cost. Such a plan may be made while a table is small, and must not be one that reads it
-- from end to end.

-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['ledger_events_follow()', 'ledger_events_stored()', 'signals_taken_in_turn()',
        'effect_refused(text, text, bigint, text, bigint)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', signature);
        EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', signature);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['ledger_events_follow()', 'ledger_events_stored()', 'signals_taken_in_turn()',
        'effect_refused(text, text, bigint, text, bigint)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s RESET enable_seqscan', signature);
        EXECUTE format('ALTER FUNCTION %s RESET plan_cache_mode', signature);
    END LOOP;
END $$;
-- +goose StatementEnd
