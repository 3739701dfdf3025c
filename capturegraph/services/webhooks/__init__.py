"""Telling other programs what happens: addresses, what is written down for each, and sending it."""
