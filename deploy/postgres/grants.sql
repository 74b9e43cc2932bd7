-- The database roles of fencepost and what each of them may do. Run this as the tables' owner, after each
-- `fencepost migrate up`, in the database and the schema that hold the ledger; it may be repeated.
--
--   fencepost_service   for fencepost serve, and for the commands that change something
--   fencepost_reader    for people and machines that look: status, history, verify, dashboards
--
-- The tables' owner is the third role: it migrates, and no program that runs all day has its password. A
-- superuser makes the roles once (they belong to the whole server) and gives each person's or program's login
-- one of them:
--
--   CREATE ROLE fencepost_service NOLOGIN;
--   CREATE ROLE fencepost_reader NOLOGIN;
--   CREATE ROLE fencepost_blue_1 LOGIN PASSWORD '…' IN ROLE fencepost_service;
--
-- What the service cannot do: delete or empty anything but rows of instances that fell silent, write or change
-- an event or a block, change or drop a table, or take a trigger out of force. Events are written by triggers
-- that run as the tables' owner (SECURITY DEFINER), so that the right to change a signal is not the right to
-- write its history. Ids of rows need no right to a sequence: they are identity columns. Only fence_seq is drawn
-- by statements of the service itself.

-- Nobody reaches the ledger by being anybody. Without temporary tables nobody can put one of his own before a
-- table of the ledger.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO fencepost_service, fencepost_reader', current_database());
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO fencepost_service, fencepost_reader', current_schema());
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM fencepost_service, fencepost_reader, PUBLIC',
        current_schema());
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM fencepost_service, fencepost_reader, PUBLIC',
        current_schema());
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM fencepost_service, fencepost_reader, PUBLIC',
        current_schema());
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO fencepost_service, fencepost_reader',
        current_schema());
END $$;

-- Heartbeats. The service removes what earlier processes of an instance left behind.
GRANT INSERT, UPDATE, DELETE ON instance_metadata TO fencepost_service;

-- Leadership. A tenure is written open and closed once.
GRANT INSERT (group_name) ON authority TO fencepost_service;
GRANT UPDATE ON authority TO fencepost_service;
GRANT INSERT ON leadership_history TO fencepost_service;
GRANT UPDATE (released_leader_at, release_reason, release_fence_seq) ON leadership_history TO fencepost_service;
GRANT INSERT ON fence_refusals, control_history, authority_acceptances, authority_lineages TO fencepost_service;
GRANT USAGE ON SEQUENCE fence_seq TO fencepost_service;

-- Signals. Triggers hold what of a row may change, and how.
GRANT INSERT, UPDATE ON signals, attempts TO fencepost_service;
GRANT INSERT ON decisions TO fencepost_service;
GRANT EXECUTE ON FUNCTION permit_refused(text, text, bigint, text, bigint) TO fencepost_service;
GRANT EXECUTE ON FUNCTION effect_refused(text, text, bigint, text, bigint) TO fencepost_service;

-- Evidence. Sealing is a function of the owner; events and blocks are nobody else's to write.
GRANT EXECUTE ON FUNCTION ledger_seal(text, bigint) TO fencepost_service;

-- Only a table's owner may have it counted for the planner; this does so once, when it is new.
GRANT EXECUTE ON FUNCTION ledger_measure() TO fencepost_service;

-- Notifications. Triggers write them as the owner; the service notes whom they reached, and tells of a ledger that
-- went back in time and of a body that it refused, which no trigger can see.
GRANT UPDATE (state, delivered_to, attempts, next_at, claimed_by, claimed_until, last_error, ended_at)
    ON notifications TO fencepost_service;
GRANT EXECUTE ON FUNCTION notification_of_regression(text, bigint, text) TO fencepost_service;
GRANT EXECUTE ON FUNCTION notification_of_conflict(text, bigint, text) TO fencepost_service;

-- fencepost verify compares the fence's numbers with those that were drawn.
GRANT SELECT ON SEQUENCE fence_seq TO fencepost_service, fencepost_reader;
