"""Candidate slots in and out: reading files, comparing, applying, putting in order, undoing."""
