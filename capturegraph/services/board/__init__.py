"""What a coordinator sees of a target at a glance, and does with many places at once."""
