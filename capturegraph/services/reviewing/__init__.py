"""The review room: who looks at which photograph, what is clean, what volunteers say against it, and how it goes."""
