"""The coverage ledger: what is known of each report and period."""
