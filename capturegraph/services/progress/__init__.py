"""How far a target is, how fast, and when it will be done: each figure is counted from the rows when it is asked."""
