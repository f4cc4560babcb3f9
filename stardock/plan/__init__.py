"""The pure middle: spec and lock in, everything decided out. Import from the modules."""
