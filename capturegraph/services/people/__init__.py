"""People and what they may do: joining, phones, accounts, members, their data."""
