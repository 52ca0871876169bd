"""A reader and a digest, as the first schema kept them."""

THEN = "2025-12-24 18:00:00"
STORED = [
    f"""INSERT INTO readers (email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at,
    confirmed_at, next_due_at) VALUES ('Ada@example.org', 'ada@example.org', 'active', '["agents"]', 'daily', 7, 'UTC',
    10, '{THEN}', '{THEN}', '{THEN}')""",
    f"""INSERT INTO deliveries (reader_id, kind, due_at, window_start, window_end, since, state, reason, attempts,
    next_attempt_at, papers) VALUES (1, 'digest', '{THEN}', '{THEN}', '{THEN}', '2025-12-23', 'queued', '', 0,
    '{THEN}', '["2512.00001"]')""",
]
