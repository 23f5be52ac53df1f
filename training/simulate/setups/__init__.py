"""How each view is set up, region by region."""
