"""A plan: what it changes, what that means, and keeping it so that exactly it is applied."""
