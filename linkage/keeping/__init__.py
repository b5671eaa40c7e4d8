"""What is kept and given up: paper shares of the root, records of destruction, and what exists past its date."""
