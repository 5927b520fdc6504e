"""`restore`: a store as it was at a second, wired and switched to; the old one is kept until confirmed."""
