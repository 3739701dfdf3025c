"""Who goes where next: choosing, claiming, keeping and giving back slots."""
