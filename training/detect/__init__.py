"""Learn to find things on films, with boxes: what the lung, fracture and ossicle models share."""
