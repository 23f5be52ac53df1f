"""REST: what is this film, and why was it decided so."""
