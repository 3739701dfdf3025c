"""The review of a target before it is opened: what there is to look at, and who has looked at it."""
