"""Terraform: one method a sub-command, the event stream, plans and their verdicts, locks, the run ledger."""
