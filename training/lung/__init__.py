"""The lung detector: eight findings of frontal chest films, from NIH's open films."""
