"""What operators do with dead letters: look, try again, let go."""
