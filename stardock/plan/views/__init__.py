"""A plan as people and programs look at it: differences, capacity, losses, address ranges, privileges, JSON."""
