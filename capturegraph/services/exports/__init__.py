"""What a target holds, to take away: its lists row by row, and everything in one archive."""
