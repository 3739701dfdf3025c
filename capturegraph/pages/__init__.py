"""What people see in a browser. Doors: parse, one service call (or one QuerySet), render."""
