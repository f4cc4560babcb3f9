"""From the plan to the props of constructs; no arithmetic here."""
