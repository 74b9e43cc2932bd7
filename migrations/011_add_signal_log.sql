-- The seed's name for the log of signals, for whoever reads it: one line for each signal, with the
-- fingerprint by which the seed knew a duplicate, what became of it, and which instance sent the order. The
-- seed's summary does not list the columns; these are those that its words need.

-- +goose Up
CREATE VIEW signal_log AS
SELECT s.id,
       s.group_name,
       s.signal_id,
       s.instrument,
       s.type                AS signal_type,
       s.position,
       s."timestamp"         AS signal_timestamp,
       encode(sha256(convert_to(s.instrument || ':' || s.type || ':' || s.position || ':' || s."timestamp",
                                'UTF8')), 'hex')
                             AS fingerprint,
       s.price, s.stop, s.lots,
       s.payload,
       s.source,
       s.received_at,
       s.received_by,
       s.state               AS processing_status,
       s.state_reason        AS rejection_reason,
       s.ended_at            AS processed_at,
       split_part(a.token, '|', 1)
                             AS processed_by_instance,
       a.epoch,
       a.client_order_id,
       NULLIF(a.broker_order_id, '')
                             AS broker_order_id
FROM signals s
LEFT JOIN attempts a ON a.group_name = s.group_name AND a.signal = s.id AND a.attempt = s.attempt;

-- +goose Down
DROP VIEW signal_log;
