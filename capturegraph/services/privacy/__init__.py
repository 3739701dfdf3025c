"""Who may see what of a photograph: by role, from outside, and with faces made unknowable."""
