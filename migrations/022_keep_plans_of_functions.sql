-- What runs at every change of a signal finds rows by their keys, and what is in flight by an index of its own. Its
-- statements are planned once for each connection, whatever its transactions say about their own: planning them anew
-- was most of what a change cost. Such a plan may be made while a table is small, and must not be one that reads it
-- from end to end.

-- +goose Up
ALTER FUNCTION ledger_events_follow() SET plan_cache_mode = force_generic_plan SET enable_seqscan = off;
ALTER FUNCTION ledger_events_stored() SET plan_cache_mode = force_generic_plan SET enable_seqscan = off;
ALTER FUNCTION signals_taken_in_turn() SET plan_cache_mode = force_generic_plan SET enable_seqscan = off;
ALTER FUNCTION effect_refused(text, text, bigint, text, bigint)
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off;

-- +goose Down
ALTER FUNCTION effect_refused(text, text, bigint, text, bigint) RESET enable_seqscan RESET plan_cache_mode;
ALTER FUNCTION signals_taken_in_turn() RESET enable_seqscan RESET plan_cache_mode;
ALTER FUNCTION ledger_events_stored() RESET enable_seqscan RESET plan_cache_mode;
ALTER FUNCTION ledger_events_follow() RESET enable_seqscan RESET plan_cache_mode;
