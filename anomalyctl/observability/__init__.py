"""What the services tell of themselves: JSON logs, traces from reading to document, figures; no secret."""
