"""The verbs: the only room that writes and the only one with transactions. Plain keyword-only functions."""
