"""Values that all rooms share: machine, plan, lock, facts, names of files. Frozen; imports nothing but itself."""
