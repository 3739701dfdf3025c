"""Looking into stored photographs: what is in them, what makes a reviewer look twice, and files that nobody names."""
