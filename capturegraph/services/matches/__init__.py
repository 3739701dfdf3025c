"""What counts for what: comparing captures with slots, saying why, reviewing, and judging anew."""
