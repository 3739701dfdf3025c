"""Which places need a photograph, who walks there, and what is covered."""
