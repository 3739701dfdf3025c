"""The door for phones and programs: parse, one service call (or one QuerySet), render."""
