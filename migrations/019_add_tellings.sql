-- Two facts that called nobody (PROTOCOL 4.11). An outcome of an attempt that had been declared void is told each
-- time: whether an alert stands already says nothing about it, for the order that it speaks of may be the second
-- one. And that another body came under the key of a signal is told once for each signal.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION notifications_tell_late() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    about signals%ROWTYPE;
BEGIN
    SELECT s.* INTO about FROM signals s WHERE s.group_name = NEW.group_name AND s.id = NEW.signal;
    INSERT INTO notifications (group_name, kind, subject, message)
    VALUES (NEW.group_name, CASE about.state WHEN 'in_doubt' THEN 'in_doubt' ELSE 'alert' END, NEW.signal::text,
        format('signal %s (%s, %s %s) is %s, and now its attempt %s, which had been taken for void, is said to be '
            '%s (order %s). Look at the broker whether there are two orders, then: fencepost signals explain %s',
            NEW.signal, about.key, about.type, about.instrument, about.state, NEW.attempt, NEW.late_outcome,
            NEW.client_order_id, NEW.signal));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER attempts_tell_late AFTER UPDATE ON attempts FOR EACH ROW
    WHEN (NEW.late_outcome IS NOT NULL AND NEW.late_outcome IS DISTINCT FROM OLD.late_outcome)
    EXECUTE FUNCTION notifications_tell_late();

-- The alert that a late outcome raises is told by that one.
DROP TRIGGER signals_tell ON signals;
CREATE TRIGGER signals_tell AFTER UPDATE ON signals FOR EACH ROW
    WHEN (OLD.alerted_at IS NULL AND NEW.alerted_at IS NOT NULL
        AND NOT starts_with(NEW.alert_reason, 'late outcome of a void attempt'))
    EXECUTE FUNCTION notifications_tell();

-- A body that was refused leaves no row, so that no trigger can see it: the instance that refused it tells. It
-- returns whether this was the first for that signal: a sender that goes on calls nobody again.
-- +goose StatementBegin
CREATE FUNCTION notification_of_conflict(group_is text, signal_is bigint, told_by text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    first_one boolean;
    once_is   text := format('conflict:%s', signal_is);
BEGIN
    IF EXISTS (SELECT FROM notifications n WHERE n.group_name = group_is AND n.once = once_is) THEN
        RETURN false;
    END IF;
    INSERT INTO notifications (group_name, kind, subject, message, once)
    SELECT group_is, 'alert', s.id::text,
        format('another body came under the id of signal %s (%s, %s %s, from %s), which is %s. It was refused for '
            'good (%s says so), and so is each one that follows. Ask the sender which is meant. Look: '
            'fencepost signals explain %s', s.id, s.key, s.type, s.instrument, s.source, s.state, told_by, s.id),
        once_is
    FROM signals s WHERE s.group_name = group_is AND s.id = signal_is
    ON CONFLICT ON CONSTRAINT notifications_once DO NOTHING
    RETURNING true INTO first_one;
    RETURN coalesce(first_one, false);
END $$;
-- +goose StatementEnd

-- As those of migration 016: the functions find the ledger's own tables and nothing of whoever calls them.
-- +goose StatementBegin
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['notifications_tell_late()', 'notification_of_conflict(text, bigint, text)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', signature,
            current_schema());
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION notification_of_conflict(text, bigint, text);
DROP TRIGGER signals_tell ON signals;
CREATE TRIGGER signals_tell AFTER UPDATE ON signals
    FOR EACH ROW WHEN (OLD.alerted_at IS NULL AND NEW.alerted_at IS NOT NULL)
    EXECUTE FUNCTION notifications_tell();
DROP TRIGGER attempts_tell_late ON attempts;
DROP FUNCTION notifications_tell_late();
