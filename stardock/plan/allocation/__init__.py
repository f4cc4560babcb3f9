"""What each name is given and keeps: numbers, PVE nodes, VM ids, MAC and IP addresses."""
