"""What runs again and again: runners, leases, and the services themselves."""
