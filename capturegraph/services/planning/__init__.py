"""Planning ahead: who should go where in a time to come, under which rules, and why not otherwise."""
