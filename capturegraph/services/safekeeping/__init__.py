"""Keeping everything: one file with all of it, the way back, whether what is there is whole, and what is let go."""
