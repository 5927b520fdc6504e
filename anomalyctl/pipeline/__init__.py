"""What happens to one reading: drain, window, detect, fuse, keep, acknowledge; or a dead letter."""
