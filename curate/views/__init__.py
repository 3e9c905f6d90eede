"""Views: what a person reads, made from evidence and verdicts. No decision is taken here."""
