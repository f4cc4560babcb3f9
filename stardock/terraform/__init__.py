"""The Terraform half: find the engine, synthesize, plan, judge what it would do, apply, and know what a killed run left."""
