"""The ossicle model: accessory bones of the foot, found at their sites and looked at closer."""
