"""The scheduled e-mail: what it says (compose), when it is due (schedule), how it goes out (outbox)."""
