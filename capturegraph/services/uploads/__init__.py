"""What phones send: the words of a capture, its photograph, and what is safe here."""
