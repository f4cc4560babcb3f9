"""What cannot be, between cluster.yaml, its lock and what exists; and what a person should know all the same."""
