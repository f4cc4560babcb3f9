"""`runner lab`: a lab that fits the plan of a cluster file. The one part of the lab that reads Stardock."""
