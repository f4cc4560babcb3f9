"""What a command does, as a visible list of steps: the only rooms that start other programs."""
