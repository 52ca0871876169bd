"""Every metric there is, and its labels."""

METRICS = {
    "paper_digest_bounces_total": {"kind", "reason"},
    "paper_digest_build_info": {"version"},
    "paper_digest_circuit_open": {"relay"},
    "paper_digest_collection_age_seconds": {"source"},
    "paper_digest_collections_total": {"source", "outcome"},
    "paper_digest_deliveries_total": {"state", "kind"},
    "paper_digest_disk_free_ratio": set(),
    "paper_digest_heartbeat_age_seconds": {"process"},
    "paper_digest_mailbox_unread": set(),
    "paper_digest_oldest_due_seconds": set(),
    "paper_digest_readers": {"status"},
    "paper_digest_relay_mails_total": {"relay", "outcome"},
    "paper_digest_throttled_domains": set(),
    "paper_digest_time_to_send_seconds_bucket": {"le"},
}
