"""The fracture model: simulated films, few real ones, a detector, and what it does on real films."""
