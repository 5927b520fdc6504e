"""Supervised child processes: what running Terraform and the environment `local` both stand on."""
